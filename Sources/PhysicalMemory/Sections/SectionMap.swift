public import MemoryTypes

/// Which sections of the physical address space hold memory. Linux: `mem_section`, mm/sparse.c.
///
/// A frame has a descriptor worth looking at when its section is present; within one, holes have
/// descriptors too, marked reserved. Written at boot, by one processor; O(1) to ask.
public struct SectionMap: Sendable {
  private let present: Bitmap
  /// The first frame of the first section.
  private let start: PageFrameNumber
  /// The size of a section, in frames.
  public let order: Order

  /// How many sections `frames` touch, and so how many bits a map needs.
  public static func count(for frames: FrameRange, order: Order) -> Int {
    guard frames.start < frames.end else { return 0 }
    let shift = UInt(order.rawValue)
    return Int((frames.end.rawValue &- 1) >> shift &- frames.start.rawValue >> shift &+ 1)
  }

  /// The sections of `frames` in which `memblock` has memory.
  ///
  /// - Parameter bits: Clear, `count(for:order:)` of them, and valid as long as the map.
  ///
  /// O(sections + regions). Linux: `memblocks_present()`, `memory_present()`.
  public init(
    _ memblock: borrowing Memblock, over frames: FrameRange, order: Order, pageSize: PageSize,
    bits: Bitmap
  ) {
    self.order = order
    start = PageFrameNumber(frames.start.rawValue & ~(order.pageCount.rawValue &- 1))
    present = bits
    for index in 0..<memblock.memory.count {
      let region = memblock.memory[index].range.wholeFrames(pageSize).clamped(to: frames)
      guard region.start < region.end else { continue }
      let last = section(of: region.end - PageCount(1))
      bits.set(section(of: region.start)..<last + 1)
    }
  }

  /// Whether the section of `frame` holds memory. Linux: `pfn_valid()`, `pfn_section_valid()`.
  @inline(__always)
  public func contains(_ frame: PageFrameNumber) -> Bool {
    guard frame >= start else { return false }
    let section = section(of: frame)
    return section < present.count && present.contains(section)
  }

  /// How many sections hold memory.
  public var presentCount: Int { present.setCount }

  /// The frames that descriptors of the present sections fill: what boot takes from memory for
  /// them where each section has descriptors of its own. Linux: `nr_memmap_boot_pages`.
  public func descriptorPages(_ pageSize: PageSize) -> PageCount {
    let bytes = order.pageCount.rawValue &* UInt(MemoryLayout<Page>.stride)
    return PageCount(UInt(presentCount) &* pageSize.pages(in: ByteCount(bytes)).rawValue)
  }

  @inline(__always)
  private func section(of frame: PageFrameNumber) -> Int {
    Int((frame.rawValue &- start.rawValue) &>> UInt(order.rawValue))
  }
}
