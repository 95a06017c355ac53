public import MemoryTypes

/// The half-open range of physical addresses `start ..< end`.
///
/// The last byte of the 64-bit address space cannot be part of one: firmware maps that claim it
/// lose it, as they do in Linux (`memblock_cap_size()`).
@frozen
public struct PhysicalRange: Hashable, Sendable {
  public var start: PhysicalAddress
  public var end: PhysicalAddress

  /// The range from `start` to `end`; empty when `end` does not lie above `start`.
  @inline(__always)
  public init(_ start: PhysicalAddress, _ end: PhysicalAddress) {
    self.start = start
    self.end = end
  }

  /// `count` bytes from `start` on, cut at the end of the address space.
  @inline(__always)
  public init(_ start: PhysicalAddress, count: UInt64) {
    let (end, overflow) = start.rawValue.addingReportingOverflow(count)
    self.init(start, PhysicalAddress(overflow ? .max : end))
  }

  @inline(__always)
  public var isEmpty: Bool { end <= start }

  /// The size in bytes. 64 bits wide: with PAE a range can be larger than a machine word.
  @inline(__always)
  public var count: UInt64 { isEmpty ? 0 : end.rawValue &- start.rawValue }

  @inline(__always)
  public func overlaps(_ other: PhysicalRange) -> Bool { start < other.end && other.start < end }

  /// What lies in both ranges; empty when nothing does.
  @inline(__always)
  public func intersection(_ other: PhysicalRange) -> PhysicalRange {
    PhysicalRange(max(start, other.start), min(end, other.end))
  }

  /// The frames that lie in the range as a whole; empty when there are none.
  public func wholeFrames(_ pageSize: PageSize) -> FrameRange {
    let mask = UInt64(pageSize.offsetMask)
    let first = (start.rawValue >> UInt64(pageSize.shift)) &+ (start.rawValue & mask == 0 ? 0 : 1)
    let last = end.rawValue >> UInt64(pageSize.shift)
    let start = PageFrameNumber(UInt(clamping: first))
    return FrameRange(start, max(start, PageFrameNumber(UInt(clamping: last))))
  }
}
