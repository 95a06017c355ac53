public import MemoryTypes
public import Recordings

/// What a trace of page requests is replayed on.
public struct KmemSettings: Sendable {
  /// The machine where the trace was taken, by its `/proc/zoneinfo`; nil for an empty one.
  public var zones: [ZoneSnapshot]?
  /// Its free blocks at the start.
  public var buddyinfo: [BuddyinfoRow] = []
  /// The same by type, which is better.
  public var pagetypeinfo: [PagetypeinfoReader.Zone] = []
  /// Its free blocks at the end, to compare with.
  public var finalBuddyinfo: [BuddyinfoRow] = []
  /// Another size of memory; what was in use at the start is put there first.
  public var ram: ByteCount?
  /// A contiguous-memory area.
  public var cma: ByteCount?
  public var pageSize = PageSize.size4K
  public var processors: Int?

  public init() {}

  /// The memory of a machine that nothing is said about: 4 GiB.
  static let usualRAM = ByteCount(4 << 30)
}
