internal import Synchronization

/// A lock that many readers or one writer hold; waiting writers keep new readers out.
///
/// One 32-bit word:
///
///      31        12 11          1  0
///     +------------+-------------+---+
///     |  readers   |   writers   | w |    w: a writer holds the lock
///     |  holding   |   waiting   |   |
///     +------------+-------------+---+
///
/// A reader enters when w and the waiting writers are 0; a writer when w and the readers are 0.
/// So a stream of readers cannot starve a writer (a stream of writers can starve readers), and a
/// reader must not enter twice: a writer that came between would lock it out for ever. At most
/// 2^20 - 1 readers and 2^11 - 1 waiting writers. Waiters spin.
///
/// Linux: `mmap_lock`, a `struct rw_semaphore`, whose waiters sleep.
public struct ReaderWriterLock: ~Copyable, Sendable {
  private let state: Atomic<UInt32>

  private static var writerHolds: UInt32 { 1 }
  private static var oneWaitingWriter: UInt32 { 1 << 1 }
  private static var waitingWriters: UInt32 { 0x7FF << 1 }
  private static var oneReader: UInt32 { 1 << 12 }
  private static var readers: UInt32 { 0xF_FFFF << 12 }

  /// A free lock.
  @inline(__always)
  public init() {
    state = Atomic(0)
  }

  /// Waits until no writer holds the lock or waits for it, and enters as a reader.
  ///
  /// Linux: `mmap_read_lock()`.
  @inline(__always)
  public borrowing func lockShared() {
    if !tryLockShared() { lockSharedContended() }
  }

  /// Enters as a reader if no writer holds the lock or waits for it; says whether it did.
  ///
  /// Linux: `mmap_read_trylock()`.
  @inline(__always)
  public borrowing func tryLockShared() -> Bool {
    var seen = state.load(ordering: .relaxed)
    while seen & (Self.writerHolds | Self.waitingWriters) == 0 {
      let (entered, now) = state.weakCompareExchange(
        expected: seen, desired: seen &+ Self.oneReader,
        successOrdering: .acquiring, failureOrdering: .relaxed)
      if entered { return true }
      seen = now
    }
    return false
  }

  /// Leaves as a reader. Linux: `mmap_read_unlock()`.
  @inline(__always)
  public borrowing func unlockShared() {
    let was = state.wrappingSubtract(Self.oneReader, ordering: .releasing).oldValue
    assert(was & Self.readers != 0, "reader-writer lock: a reader left that had not entered")
  }

  /// Waits until nobody holds the lock and enters as the writer. Linux: `mmap_write_lock()`.
  @inline(__always)
  public borrowing func lock() {
    if !tryLock() { lockContended() }
  }

  /// Enters as the writer if nobody holds the lock or waits for it; says whether it did.
  ///
  /// Linux: `mmap_write_trylock()`.
  @inline(__always)
  public borrowing func tryLock() -> Bool {
    state.compareExchange(
      expected: 0, desired: Self.writerHolds, successOrdering: .acquiring,
      failureOrdering: .relaxed
    ).exchanged
  }

  /// Leaves as the writer. Linux: `mmap_write_unlock()`.
  @inline(__always)
  public borrowing func unlock() {
    let was = state.wrappingSubtract(Self.writerHolds, ordering: .releasing).oldValue
    assert(was & Self.writerHolds != 0, "reader-writer lock: a writer left that had not entered")
  }

  /// Makes the writer a reader without letting another writer in between.
  ///
  /// Linux: `mmap_write_downgrade()`.
  @inline(__always)
  public borrowing func downgrade() {
    state.wrappingAdd(Self.oneReader &- Self.writerHolds, ordering: .releasing)
  }

  /// Calls `body` as a reader and passes on its result or its error.
  @inline(__always)
  public borrowing func withSharedLock<Result: ~Copyable, Failure>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    lockShared()
    defer { unlockShared() }
    return try body()
  }

  /// Calls `body` as the writer and passes on its result or its error.
  @inline(__always)
  public borrowing func withLock<Result: ~Copyable, Failure>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    lock()
    defer { unlock() }
    return try body()
  }

  /// Whether a writer holds the lock at this moment: for assertions that the caller does.
  public var isLocked: Bool { state.load(ordering: .relaxed) & Self.writerHolds != 0 }

  /// Whether readers hold the lock at this moment: for assertions that the caller is one.
  public var isLockedShared: Bool { state.load(ordering: .relaxed) & Self.readers != 0 }

  @inline(never)
  private borrowing func lockSharedContended() {
    var backoff = SpinBackoff()
    repeat { backoff.wait() } while !tryLockShared()
  }

  @inline(never)
  private borrowing func lockContended() {
    var backoff = SpinBackoff()
    var seen = state.wrappingAdd(Self.oneWaitingWriter, ordering: .relaxed).newValue
    while true {
      if seen & (Self.writerHolds | Self.readers) == 0 {
        let (entered, now) = state.weakCompareExchange(
          expected: seen, desired: seen &- Self.oneWaitingWriter &+ Self.writerHolds,
          successOrdering: .acquiring, failureOrdering: .relaxed)
        if entered { return }
        seen = now
      } else {
        backoff.wait()
        seen = state.load(ordering: .relaxed)
      }
    }
  }
}
