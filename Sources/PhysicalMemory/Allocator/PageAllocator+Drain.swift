internal import MemoryTypes

extension PageAllocator {
  /// Empties the per-CPU lists of all processors into the free lists, so that their frames merge.
  ///
  /// O(frames on them). Linux: `drain_all_pages()`.
  public func drainPerCPULists() {
    for processor in 0..<options.processors { drainPerCPULists(of: processor) }
  }

  /// Empties the lists of one processor, as when it is taken out. Linux: `drain_pages()`.
  public func drainPerCPULists(of processor: Int) {
    for zone in zones where zone.pointee.perCPU.count > 0 { zone.pointee.drain(processor) }
  }

  /// What each processor does once a second. Linux: `vmstat_update()`.
  public func decayPerCPULists(of processor: Int) {
    for zone in zones { zone.pointee.decayPerCPULists(of: processor) }
  }
}
