public import MemoryTypes
internal import Synchronization

/// A fault plan behind a switch, so that an allocator without one pays a single load.
public struct FaultSwitch: ~Copyable, Sendable {
  private let isArmed = Atomic(false)
  private let locked = SpinLock(FaultPlan.none)

  /// No plan.
  public init() {}

  /// The plan in force, with its counts so far. Setting one arms the switch for good.
  public var plan: FaultPlan {
    get { locked.withLock { $0 } }
    nonmutating set {
      locked.withLock { $0 = newValue }
      isArmed.store(true, ordering: .relaxed)
    }
  }

  /// Counts one call and says whether it must fail.
  @inline(__always)
  public func shouldFail() -> Bool {
    guard isArmed.load(ordering: .relaxed) else { return false }
    return locked.withLock { $0.shouldFail() }
  }
}
