internal import MemoryTypes

extension SlabCache {
  /// Gives back a part of what lay idle in the queues of processor `n`, under the queued design;
  /// the others have nothing to reap.
  ///
  /// To be called every two seconds for each processor. Linux: `cache_reap()`, mm/slab.c (6.1).
  public func reap(processor n: Int) {
    if core.pointee.design == .slab { QueuedDesign(core).reap(n) }
  }
}
