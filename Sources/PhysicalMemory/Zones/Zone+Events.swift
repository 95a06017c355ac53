public import MemoryTypes

/// What has happened to the frames of a zone since boot, as /proc/vmstat counts it.
///
/// Nothing is counted where frames are handed out: what is owned now and what was given back say it.
/// Right while nobody allocates, else off by what is under way.
extension Zone {
  /// The frames that owners gave back. Linux: `PGFREE`, but for those that boot handed over.
  public var pagesFreed: UInt {
    perCPU.freed &+ buddy.withLock { $0.statistics.pagesFreedDirectly }
  }

  /// The frames that were handed out, whatever the size of the blocks; those taken out of isolated
  /// pageblocks too. Linux: `PGALLOC_DMA` and its kin.
  public var pagesAllocated: UInt { ownedPages.rawValue &+ pagesFreed }

  /// The frames that somebody has: managed, and neither in a free list nor on a processor's.
  public var ownedPages: PageCount {
    let listed = perCPUPages
    let free = buddy.withLock { $0.freePages + $0.isolatedPages }
    return PageCount(managedPages.rawValue &- free.rawValue &- listed.rawValue)
  }
}
