/// What stood in the page allocator of a kernel at one moment.
public struct PhysicalSnapshot: Sendable {
  public var name: String
  /// Pages that no zone hands out (`totalreserve_pages`).
  public var totalReserve: UInt64 = 0
  public var zones: [ZoneSnapshot] = []
  /// The rows of `/proc/buddyinfo`.
  public var buddyinfo: [BuddyinfoRow] = []
  /// The counters of `/proc/vmstat` by name.
  public var vmstat: [String: Int64] = [:]

  public init(name: String) { self.name = name }
}

/// A zone at one moment. All counts are pages.
public struct ZoneSnapshot: Sendable {
  public var node = 0
  /// Its place in the node.
  public var index = 0
  public var name = ""
  /// The first frame.
  public var start: UInt64 = 0
  public var spanned: UInt64 = 0
  public var present: UInt64 = 0
  public var managed: UInt64 = 0
  /// As its counter says.
  public var freePages: UInt64 = 0
  /// min, low, high and promo, without the boost.
  public var marks: [UInt64] = []
  public var boost: UInt64 = 0
  /// By the zone that an allocation would have liked best.
  public var lowmemReserve: [UInt64] = []
  public var highAtomic: UInt64 = 0
  public var contiguous: UInt64 = 0
  /// One for each processor.
  public var sets: [PerCPUSnapshot] = []
  /// Free blocks by order, as counted by the kernel.
  public var freeCounts: [UInt64] = []
  public var free: [FreeListSnapshot] = []
  public var pageblocks: [PageblockRun] = []

  public init() {}
}

/// One processor's lists of one zone.
public struct PerCPUSnapshot: Sendable {
  public var cpu = 0
  public var count: UInt64 = 0
  public var high: UInt64 = 0
  public var highMinimum: UInt64 = 0
  public var highMaximum: UInt64 = 0
  public var batch: UInt64 = 0
  /// Frames, head first, by list: order * 3 + type up to order 3, then huge unmovable and movable.
  public var lists: [[UInt64]] = []

  public init() {}
}

/// A free list, head first.
public struct FreeListSnapshot: Sendable {
  public var order: Int
  public var type: Int
  public var frames: [UInt64]
}

/// Pageblocks side by side that are of one type.
public struct PageblockRun: Sendable {
  /// The first frame of them that is in the zone.
  public var start: UInt64
  public var count: UInt64
  public var type: Int
  /// Compaction skips them.
  public var isSkipped: Bool
}

/// A row of `/proc/buddyinfo`.
public struct BuddyinfoRow: Hashable, Sendable {
  public var node: Int
  public var zone: String
  /// Free blocks by order.
  public var counts: [UInt64]

  public init(node: Int, zone: String, counts: [UInt64]) {
    self.node = node
    self.zone = zone
    self.counts = counts
  }
}
