internal import MemoryTypes

/// Which memory an allocation or a walk may use. Linux: `should_skip_region()`, mm/memblock.c.
public struct MemblockFilter: Hashable, Sendable {
  /// Only memory of this node; nil for all.
  public var node: Int32?
  /// Kinds of memory that are left out unless they are named here; `mirrored` leaves out the rest.
  public var flags: MemblockFlags
  /// Leaves hotpluggable memory out unless `flags` names it.
  public var avoidsHotpluggable: Bool

  /// All memory that may be mapped.
  public static var all: MemblockFilter { MemblockFilter() }

  public init(
    node: Int32? = nil, flags: MemblockFlags = [], avoidsHotpluggable: Bool = false
  ) {
    self.node = node
    self.flags = flags
    self.avoidsHotpluggable = avoidsHotpluggable
  }

  func admits(_ region: MemblockRegion) -> Bool {
    if let node, region.node != node { return false }
    let kind = region.flags
    if avoidsHotpluggable && kind.contains(.hotpluggable) && !flags.contains(.hotpluggable) {
      return false
    }
    if flags.contains(.mirrored) && !kind.contains(.mirrored) { return false }
    let hidden = kind.intersection([.notMapped, .driverManaged])
    return hidden.isSubset(of: flags)
  }
}

/// What stands in `memory` and not in `reserved`, lowest first, as far as a filter admits it.
///
/// Valid until the memblock changes. Linux: `__next_mem_range()`, mm/memblock.c.
public struct MemblockFreeRanges: Sequence, IteratorProtocol {
  private let memory: MemblockRegions
  private let reserved: MemblockRegions
  private let filter: MemblockFilter
  private var memoryIndex = 0
  private var reservedIndex = 0
  /// All below it was given out or found taken.
  private var position = PhysicalAddress(0)

  init(memory: MemblockRegions, reserved: MemblockRegions, _ filter: MemblockFilter) {
    self.filter = filter
    self.memory = memory
    self.reserved = reserved
  }

  /// The next free range; nil at the end. All of them together are O(regions).
  public mutating func next() -> PhysicalRange? {
    while memoryIndex < memory.count {
      let region = memory[memoryIndex]
      position = Swift.max(position, region.range.start)
      if position >= region.range.end || !filter.admits(region) {
        memoryIndex += 1
        continue
      }
      let taken = nextReserved()
      if taken.start > position {
        let end = Swift.min(region.range.end, taken.start)
        defer { position = end }
        return PhysicalRange(position, end)
      }
      position = taken.end
    }
    return nil
  }

  /// The lowest reserved range that ends above `position`; an empty one at the very end if none.
  private mutating func nextReserved() -> PhysicalRange {
    while reservedIndex < reserved.count {
      let range = reserved[reservedIndex].range
      if range.end > position { return range }
      reservedIndex += 1
    }
    return PhysicalRange(PhysicalAddress(.max), PhysicalAddress(.max))
  }
}

/// The ranges of `MemblockFreeRanges`, highest first.
///
/// Valid until the memblock changes. Linux: `__next_mem_range_rev()`, mm/memblock.c.
public struct MemblockFreeRangesDescending: Sequence, IteratorProtocol {
  private let memory: MemblockRegions
  private let reserved: MemblockRegions
  private let filter: MemblockFilter
  private var memoryIndex: Int
  private var reservedIndex: Int
  /// All from it on was given out or found taken.
  private var position = PhysicalAddress(.max)

  init(memory: MemblockRegions, reserved: MemblockRegions, _ filter: MemblockFilter) {
    self.filter = filter
    self.memory = memory
    self.reserved = reserved
    memoryIndex = memory.count - 1
    reservedIndex = reserved.count - 1
  }

  /// The next lower free range; nil at the end. All of them together are O(regions).
  public mutating func next() -> PhysicalRange? {
    while memoryIndex >= 0 {
      let region = memory[memoryIndex]
      position = Swift.min(position, region.range.end)
      if position <= region.range.start || !filter.admits(region) {
        memoryIndex -= 1
        continue
      }
      let taken = previousReserved()
      if taken.end < position {
        let start = Swift.max(region.range.start, taken.end)
        defer { position = start }
        return PhysicalRange(start, position)
      }
      position = taken.start
    }
    return nil
  }

  /// The highest reserved range that starts below `position`; an empty one at 0 if none.
  private mutating func previousReserved() -> PhysicalRange {
    while reservedIndex >= 0 {
      let range = reserved[reservedIndex].range
      if range.start < position { return range }
      reservedIndex -= 1
    }
    return PhysicalRange(PhysicalAddress(0), PhysicalAddress(0))
  }
}
