/// When a source of failure shall fail although it need not: each allocator carries one.
///
/// Plans count calls from the moment they are made. The plan `.none` costs one comparison.
/// Linux: `struct fault_attr` (failslab, fail_page_alloc); Solaris: `vmem_mtbf`.
public struct FaultPlan: Sendable {
  private enum Rule {
    case never
    case nth
    case everyNth
    case rate
  }

  private var rule: Rule
  /// `nth` and `everyNth`: calls until the next failure. `rate`: failures in a million calls.
  private var number: UInt32
  private var period: UInt32
  private var generator: SeededGenerator
  /// How many calls this plan has made fail.
  public private(set) var failureCount: UInt

  private init(_ rule: Rule, number: UInt32, seed: UInt64) {
    self.rule = rule
    self.number = number
    period = number
    generator = SeededGenerator(seed: seed)
    failureCount = 0
  }

  /// Never fails.
  public static var none: FaultPlan { FaultPlan(.never, number: 0, seed: 0) }

  /// Fails the `n`-th call from now, counted from 1, and no other; never for 0.
  public static func failing(nth n: UInt32) -> FaultPlan {
    FaultPlan(n == 0 ? .never : .nth, number: n, seed: 0)
  }

  /// Fails each `n`-th call: 1 fails all, 2 the second, the fourth …; never for 0.
  public static func failing(everyNth n: UInt32) -> FaultPlan {
    FaultPlan(n == 0 ? .never : .everyNth, number: n, seed: 0)
  }

  /// Fails `rate` calls in a million on average, the same ones for the same seed.
  public static func failing(perMillion rate: UInt32, seed: UInt64) -> FaultPlan {
    FaultPlan(rate == 0 ? .never : .rate, number: rate, seed: seed)
  }

  /// Counts one call and says whether it must fail.
  @inline(__always)
  public mutating func shouldFail() -> Bool {
    if case .never = rule { return false }
    return shouldFailByRule()
  }

  @inline(never)
  private mutating func shouldFailByRule() -> Bool {
    guard isDue() else { return false }
    failureCount &+= 1
    return true
  }

  private mutating func isDue() -> Bool {
    switch rule {
    case .never:
      return false
    case .rate:
      return generator.next(below: 1_000_000) < number
    case .nth, .everyNth:
      number &-= 1
      guard number == 0 else { return false }
      number = period
      if case .nth = rule { rule = .never }
      return true
    }
  }
}
