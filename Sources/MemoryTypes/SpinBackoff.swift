internal import Synchronization

/// How long a spinning processor looks away before it reads the lock again.
///
/// Swift has no portable pause instruction. A waiter instead does a little private work that the
/// compiler cannot remove, doubling up to a limit: it leaves the cache line and, on processors
/// with two threads per core, most of the core to the holder.
struct SpinBackoff {
  private var rounds: UInt32 = 1

  /// Wastes a time that doubles with each call, up to 64 turns.
  @inline(__always)
  mutating func pause() {
    for _ in 0..<rounds { atomicMemoryFence(ordering: .acquiring) }
    if rounds < 64 { rounds &<<= 1 }
  }
}
