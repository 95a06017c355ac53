internal import MemoryTypes
internal import PhysicalMemory
internal import Recordings

/// A memblock with arrays of its own, large enough for what a log reports.
@safe
final class BootMemory {
  private let arrays: UnsafeMutableRawBufferPointer
  var memblock: Memblock

  /// Without memory.
  init(pageSize: PageSize) {
    let bytes = 2 * 8192 * MemoryLayout<MemblockRegion>.stride
    unsafe arrays = .allocate(
      byteCount: bytes, alignment: MemoryLayout<MemblockRegion>.alignment)
    // SAFETY: the arrays live as long as this object, which owns the memblock.
    memblock = unsafe Memblock(arrays: arrays)
    memblock.pageSize = pageSize
  }

  deinit { unsafe arrays.deallocate() }

  /// Whether `ranges` are just what is in `list`, however either is cut into regions.
  static func isEqual(_ list: MemblockRegions, _ ranges: [Range<UInt64>]) -> Bool {
    let ours = (0..<list.count).map { Range(list[$0].range) }
    return joined(ours) == joined(ranges)
  }

  /// Sorted ranges with those that touch made one.
  private static func joined(_ ranges: [Range<UInt64>]) -> [Range<UInt64>] {
    var joined: [Range<UInt64>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
      if let last = joined.last, last.upperBound >= range.lowerBound {
        let end = max(last.upperBound, range.upperBound)
        joined[joined.count - 1] = last.lowerBound..<end
      } else {
        joined.append(range)
      }
    }
    return joined
  }
}

extension Range<UInt64> {
  /// How many bytes; unlike `count` of any value.
  var size: UInt64 { upperBound - lowerBound }

  init(_ range: PhysicalRange) {
    self = range.start.rawValue..<Swift.max(range.start.rawValue, range.end.rawValue)
  }
}

extension PhysicalRange {
  init(_ range: Range<UInt64>) {
    self.init(PhysicalAddress(range.lowerBound), PhysicalAddress(range.upperBound))
  }
}

extension BootRun {
  /// The memory of each node, as the emulated machine places it: pieces of address space.
  ///
  /// QEMU puts memory that does not fit below its devices at 4 GiB: on q35 all above 2 GiB once
  /// there is as much as 2.75 GiB, on pc all above 3 GiB from 3.5 GiB on. Nodes take memory in
  /// their order.
  func memory(of nodes: [Node]) -> [[Range<UInt64>]] {
    let (base, low) = memoryBelowDevices
    var start: UInt64 = 0
    return nodes.map { node in
      let end = start.addingReportingOverflow(node.memory)
      let range = start..<(end.overflow ? .max : end.partialValue)
      start = range.upperBound
      let below = range.clamped(to: 0..<low)
      let above = range.clamped(to: low..<UInt64.max)
      return [
        below.lowerBound &+ base..<below.upperBound &+ base,
        Self.sum(above.lowerBound - low, above4GiB)..<Self.sum(above.upperBound - low, above4GiB),
      ].filter { !$0.isEmpty }
    }
  }

  private var above4GiB: UInt64 { 1 << 32 }

  private static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
  }

  /// Where memory starts, and how much of it lies in one piece from there.
  private var memoryBelowDevices: (base: UInt64, size: UInt64) {
    switch machine {
    case "virt": (1 << 30, 255 << 30)
    case "q35": (0, memory >= 0xb000_0000 ? 0x8000_0000 : memory)
    default: (0, memory >= 0xe000_0000 ? 0xc000_0000 : memory)
    }
  }
}
