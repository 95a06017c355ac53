internal import Synchronization

/// A lock whose waiters spin: one word, no queue, no owner.
///
/// For the few instructions that touch shared state; never held across anything that can wait,
/// and not recursive. Waiters only read until the lock looks free, so that its cache line is not
/// torn back and forth, and back off from one another. Uncontended, `lock()` is one
/// exchange and `unlock()` one store. Linux: `raw_spinlock_t`, but not in arrival order.
public struct RawSpinLock: ~Copyable, Sendable {
  private let isHeld: Atomic<Bool>

  /// A free lock.
  @inline(__always)
  public init() {
    isHeld = Atomic(false)
  }

  /// Waits until the lock is free and takes it. Linux: `raw_spin_lock()`.
  @inline(__always)
  public borrowing func lock() {
    if isHeld.exchange(true, ordering: .acquiring) { lockContended() }
  }

  /// Takes the lock if it is free; says whether it did. Linux: `raw_spin_trylock()`.
  @inline(__always)
  public borrowing func tryLock() -> Bool {
    !isHeld.exchange(true, ordering: .acquiring)
  }

  /// Frees the lock, which the caller holds. Linux: `raw_spin_unlock()`.
  @inline(__always)
  public borrowing func unlock() {
    isHeld.store(false, ordering: .releasing)
  }

  /// Whether anybody holds the lock at this moment: for assertions that the caller does.
  public var isLocked: Bool { isHeld.load(ordering: .relaxed) }

  @inline(never)
  private borrowing func lockContended() {
    var backoff = SpinBackoff()
    repeat {
      while isHeld.load(ordering: .relaxed) { backoff.wait() }
    } while !tryLock()
  }
}

/// A value that can be reached only under its own spin lock.
///
/// Linux has the pair of a `spinlock_t` and a comment; here the compiler holds to it.
public struct SpinLock<Value: ~Copyable>: ~Copyable {
  private let raw: RawSpinLock
  private let value: LockedCell<Value>

  /// A free lock around `value`.
  @inline(__always)
  public init(_ value: consuming sending Value) {
    raw = RawSpinLock()
    self.value = LockedCell(value)
  }

  /// Calls `body` with the value while the lock is held, and passes on its result or its error.
  ///
  /// `body` must not take the same lock again.
  @inline(__always)
  public borrowing func withLock<Result: ~Copyable, Failure>(
    _ body: (inout sending Value) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result {
    raw.lock()
    defer { raw.unlock() }
    // The address comes first: an access through `value.address` would count as one of the lock.
    let place = unsafe value.address
    // SAFETY: the lock keeps every other access out until `body` has ended.
    return try unsafe body(&place.pointee)
  }

  /// As `withLock(_:)` if the lock is free; otherwise nil, and `body` is not called.
  @inline(__always)
  public borrowing func withLockIfAvailable<Result: ~Copyable, Failure>(
    _ body: (inout sending Value) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result? {
    guard raw.tryLock() else { return nil }
    defer { raw.unlock() }
    let place = unsafe value.address
    // SAFETY: as in `withLock(_:)`.
    return try unsafe body(&place.pointee)
  }

  /// Takes the lock if it is free; where the value is then, until `unlock()`.
  ///
  /// For a function that ends in another one which frees the lock: nothing is kept for after a call.
  @unsafe @inline(__always)
  public borrowing func tryLock() -> UnsafeMutablePointer<Value>? {
    raw.tryLock() ? unsafe value.address : nil
  }

  /// Where the value is while `tryLock()` has the lock.
  @unsafe @inline(__always)
  public var lockedValue: UnsafeMutablePointer<Value> { unsafe value.address }

  /// Frees the lock that `tryLock()` took.
  @unsafe @inline(__always)
  public borrowing func unlock() { raw.unlock() }
}

// SAFETY: the value is reached by one thread at a time, and what enters or leaves is `sending`.
extension SpinLock: @unchecked Sendable where Value: ~Copyable {}
