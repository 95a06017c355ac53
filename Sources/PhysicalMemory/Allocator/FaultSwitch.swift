public import MemoryTypes
internal import Synchronization

/// A fault plan behind a switch, so that an allocator without one pays a single load.
public struct FaultSwitch: ~Copyable, Sendable {
  private let armed = Atomic(false)
  private let locked = SpinLock(FaultPlan.none)

  /// No plan.
  public init() {}

  /// The plan in force, with its counts so far. Setting one arms the switch for good.
  public var plan: FaultPlan {
    get { locked.withLock { $0 } }
    nonmutating set {
      locked.withLock { $0 = newValue }
      armed.store(true, ordering: .relaxed)
    }
  }

  /// Whether there is a plan.
  @inline(__always)
  public var isArmed: Bool { armed.load(ordering: .relaxed) }

  /// Counts one call and says whether it must fail.
  @inline(__always)
  public func shouldFail() -> Bool {
    guard isArmed else { return false }
    return locked.withLock { $0.shouldFail() }
  }
}
