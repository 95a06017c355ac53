public import MemoryTypes

/// What a kernel's configuration and command line decide about its page allocator.
public struct PageAllocatorOptions: Sendable {
  /// The largest block. Linux: `MAX_PAGE_ORDER`.
  public var maximumOrder: Order
  /// The size of a pageblock: a huge page, if the largest block holds one. Linux:
  /// `pageblock_order`.
  public var pageblockOrder: Order
  /// Where zones end.
  public var layout: ZoneLayout
  /// How much memory is for what can move only. Linux: `kernelcore=`, `movablecore=`.
  public var movable: MovableRequest
  /// How far the nodes are apart; nil for nodes that are all equally far.
  public var distances: NodeDistances?
  /// How many processors there are, 1 at least.
  public var processors: Int
  /// Whether processors keep free frames at hand; without, each free merges at once.
  public var hasPerCPULists: Bool
  /// Whether processors tell each other at once what they count, as in a kernel without
  /// `CONFIG_SMP`; with lag, a free count is a little off when a watermark is looked at.
  public var hasExactCounts: Bool
  /// Linux: `vm.min_free_kbytes`; nil for what follows from the size of memory.
  public var minimumFreeKibibytes: UInt?
  /// Linux: `vm.watermark_scale_factor`, in 1/10,000 of a zone.
  public var watermarkScaleFactor: UInt
  /// Linux: `vm.lowmem_reserve_ratio`, by the numbers of the kinds of zone; nil for the usual.
  public var reserveRatios: InlineArray<5, UInt>?
  /// Linux: `vm.watermark_boost_factor`, in 1/10,000 of the high watermark.
  public var watermarkBoostFactor: UInt
  /// Linux: `vm.percpu_pagelist_high_fraction`; 0 for marks that follow use.
  public var perCPUHighFraction: UInt
  /// Linux: `vm.dirty_ratio`, per cent.
  public var dirtyPercent: UInt8
  /// Linux: `vm.dirty_background_ratio`, per cent.
  public var dirtyBackgroundPercent: UInt8
  /// Whether transparent huge pages are on, for which more memory is kept free.
  public var hasHugePages: Bool
  /// Linux: `init_on_alloc`.
  public var clearsOnAllocation: Bool
  /// Linux: `init_on_free`.
  public var clearsOnFree: Bool
  /// Fills freed frames with a pattern and looks at it before they are used again.
  /// Linux: `page_poison`.
  public var poisonsFreeFrames: Bool

  /// A kernel with one zone for all memory, whose pageblock is what one table of leaves maps.
  public init(pageSize: PageSize) {
    layout = ZoneLayout(pageSize: pageSize)
    pageblockOrder = Order(pageSize.shift - 3)
    maximumOrder = max(Order(10), pageblockOrder)
    movable = .none
    distances = nil
    processors = 1
    hasPerCPULists = true
    hasExactCounts = false
    minimumFreeKibibytes = nil
    watermarkScaleFactor = 10
    reserveRatios = nil
    watermarkBoostFactor = 15_000
    perCPUHighFraction = 0
    dirtyPercent = 20
    dirtyBackgroundPercent = 10
    hasHugePages = false
    clearsOnAllocation = false
    clearsOnFree = false
    poisonsFreeFrames = false
  }

  /// An allocator of which one user may have every frame: no reserves, no per-CPU lists, counts
  /// that are right at once.
  public static func plain(pageSize: PageSize) -> PageAllocatorOptions {
    var options = PageAllocatorOptions(pageSize: pageSize)
    options.minimumFreeKibibytes = 0
    options.watermarkScaleFactor = 0
    options.hasPerCPULists = false
    options.hasExactCounts = true
    return options
  }

  /// A bit for each order whose blocks pass through the per-CPU lists: up to 3, and huge pages.
  ///
  /// Linux: `pcp_allowed_order()`.
  var perCPUOrders: UInt16 {
    guard hasPerCPULists else { return 0 }
    return 0b1111 | (hasHugePages ? 1 << UInt16(pageblockOrder.rawValue) : 0)
  }
}
