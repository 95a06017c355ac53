internal import MemoryTypes

/// What the firmware said about a region of memory. Linux: `enum memblock_flags`.
@frozen
public struct MemblockFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// May be taken out while the machine runs. Linux: `MEMBLOCK_HOTPLUG`.
  public static var hotpluggable: MemblockFlags { MemblockFlags(rawValue: 1) }
  /// Kept twice by the hardware. Linux: `MEMBLOCK_MIRROR`.
  public static var mirrored: MemblockFlags { MemblockFlags(rawValue: 2) }
  /// Memory that the kernel must not map, hence not allocate from. Linux: `MEMBLOCK_NOMAP`.
  public static var notMapped: MemblockFlags { MemblockFlags(rawValue: 4) }
  /// Found, added and managed by a driver, not by the firmware. Linux: `MEMBLOCK_DRIVER_MANAGED`.
  public static var driverManaged: MemblockFlags { MemblockFlags(rawValue: 8) }
  /// Reserved memory whose descriptors stay as they are. Linux: `MEMBLOCK_RSRV_NOINIT`.
  public static var reservedUntouched: MemblockFlags { MemblockFlags(rawValue: 16) }
}

/// One region of a `MemblockRegions`. Linux: `struct memblock_region`.
@frozen
public struct MemblockRegion: Hashable, Sendable {
  public var range: PhysicalRange
  public var flags: MemblockFlags
  /// The node it belongs to; 0 on a machine with one, `noNode` while nobody has said.
  public var node: Int32

  /// The node of a region that has none. Linux: `MAX_NUMNODES` in a region.
  public static var noNode: Int32 { -1 }

  @inline(__always)
  public init(_ range: PhysicalRange, flags: MemblockFlags = [], node: Int32 = 0) {
    self.range = range
    self.flags = flags
    self.node = node
  }

  /// Whether the two may become one region when they touch.
  @inline(__always)
  func isCompatible(with other: MemblockRegion) -> Bool {
    flags == other.flags && node == other.node
  }
}
