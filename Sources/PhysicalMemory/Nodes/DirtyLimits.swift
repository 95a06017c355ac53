internal import Machine
public import MemoryTypes

/// How many frames may be dirty before someone writes them back: shares of what could be.
///
/// Linux: `domain_dirty_limits()`, mm/page-writeback.c.
public struct DirtyLimits: Hashable, Sendable {
  /// Above it who dirties frames must wait. Linux: `nr_dirty_threshold`.
  public let threshold: PageCount
  /// Above it writing back begins. Linux: `nr_dirty_background_threshold`.
  public let background: PageCount

  /// The frames that could be dirty: free ones beyond what is kept in reserve, and those that hold
  /// parts of files, without high memory's; 1 at least. Linux: `global_dirtyable_memory()`.
  public static func dirtyable(
    free: PageCount, files: PageCount, reserve: PageCount, high: PageCount
  ) -> PageCount {
    (free.less(reserve) + files).less(high) + PageCount(1)
  }

  /// The limits for `dirtyable` frames.
  ///
  /// A share is kept in parts of a page size, and rounded down, as the kernel does.
  ///
  /// - Parameters:
  ///   - percent: Linux: `vm.dirty_ratio`.
  ///   - backgroundPercent: Linux: `vm.dirty_background_ratio`.
  public init(
    of dirtyable: PageCount, percent: UInt64 = 20, backgroundPercent: UInt64 = 10,
    _ pageSize: PageSize
  ) {
    func share(_ percent: UInt64) -> PageCount {
      let part = min(percent, 100) << UInt64(pageSize.shift) / 100
      let whole = UInt64(dirtyable.rawValue).multipliedFullWidth(by: part)
      let pages = whole.high << (64 - UInt64(pageSize.shift)) | whole.low >> UInt64(pageSize.shift)
      return PageCount(UInt(truncatingIfNeeded: pages))
    }
    let limit = share(percent)
    let start = share(backgroundPercent)
    threshold = limit
    background = start < limit ? start : PageCount(limit.rawValue / 2)
  }
}

extension PageAllocator {
  /// The frames of the machine that could be dirty.
  public var dirtyablePages: PageCount {
    var free = PageCount.zero
    var files = PageCount.zero
    var reserve = PageCount.zero
    var high = PageCount.zero
    for zone in zones {
      free += zone.pointee.countedFreePages
      files += zone.pointee.pageCount(.listedFile)
      if zone.pointee.kind == .highMemory { high += zone.pointee.dirtyableHighPages }
    }
    for node in nodes { reserve += node.pointee.totalReserve }
    return DirtyLimits.dirtyable(free: free, files: files, reserve: reserve, high: high)
  }

  /// The limits for the whole machine. Linux: `global_dirty_limits()`.
  public var dirtyLimits: DirtyLimits {
    DirtyLimits(
      of: dirtyablePages, percent: UInt64(options.dirtyPercent),
      backgroundPercent: UInt64(options.dirtyBackgroundPercent), directMap.pageSize)
  }

  /// Whether a node may have more dirty frames: those that are dirty or being written back are no
  /// more than its share. O(kinds of zones). Linux: `node_dirty_ok()`.
  func mayDirty(node: Int) -> Bool {
    var dirty = PageCount.zero
    var free = PageCount.zero
    var files = PageCount.zero
    for index in node * zones.kindCount..<(node + 1) * zones.kindCount {
      let zone = zones[index]
      dirty += zone.pointee.pageCount(.dirty) + zone.pointee.pageCount(.underWriteback)
      free += zone.pointee.countedFreePages
      files += zone.pointee.pageCount(.listedFile)
    }
    let dirtyable = free.less(nodes[node].pointee.totalReserve) + files
    return dirty.rawValue <= UInt(options.dirtyPercent) &* dirtyable.rawValue / 100
  }
}

extension Zone {
  /// Linux: `highmem_dirtyable_memory()`.
  fileprivate var dirtyableHighPages: PageCount {
    countedFreePages.less(mark(for: .high)) + pageCount(.listedFile)
  }
}

extension PageCount {
  /// The difference, 0 where `other` is larger.
  fileprivate func less(_ other: PageCount) -> PageCount {
    self > other ? self - other : .zero
  }
}
