public import MemoryTypes

/// The descriptors of the frames `start ..< end`, side by side. Linux: `mem_map`, `vmemmap`.
///
/// Holes have descriptors too. All conversions are O(1) and take no lock.
@safe @frozen
public struct PageArray: @unchecked Sendable {
  /// Where the descriptor of frame 0 would be: with it a frame's is found without a look at `start`.
  private let origin: UInt
  /// The first frame with a descriptor.
  public let start: PageFrameNumber
  /// How many frames have one.
  public let count: PageCount

  /// Wraps `count` initialised descriptors at `base`.
  ///
  /// Around them stand zeros, as descriptors of frames inside nothing, up to the ends of the largest
  /// aligned blocks that the first and the last frame can be part of: a block's buddy can be looked
  /// at without the question whether it exists.
  @unsafe
  init(base: UnsafeMutablePointer<Page>, start: PageFrameNumber, count: PageCount) {
    origin = UInt(bitPattern: base) &- start.rawValue &* Self.stride
    self.start = start
    self.count = count
  }

  private static var stride: UInt { UInt(MemoryLayout<Page>.stride) }

  /// The frames that have a descriptor.
  public var frames: FrameRange { FrameRange(start, end) }

  /// The end of the frames that have a descriptor.
  public var end: PageFrameNumber { start + count }

  /// The descriptor of `frame`, which must have one. Linux: `pfn_to_page()`.
  @inline(__always)
  public subscript(frame: PageFrameNumber) -> Ref<Page> {
    let address = origin &+ frame.rawValue &* Self.stride
    // SAFETY: there is a descriptor, and nothing stands at address 0.
    return unsafe Ref(UnsafeMutablePointer(bitPattern: address).unsafelyUnwrapped)
  }

  /// The descriptor `distance` frames behind `page`, which must have one. O(1).
  @inline(__always)
  func page(_ distance: PageCount, after page: Ref<Page>) -> Ref<Page> {
    // SAFETY: the caller keeps within the array, as for a frame.
    unsafe Ref(page.pointer + Int(bitPattern: distance.rawValue))
  }

  /// The frame that `page` describes. Linux: `page_to_pfn()`.
  @inline(__always)
  public func frame(of page: Ref<Page>) -> PageFrameNumber {
    PageFrameNumber((page.address &- origin) / Self.stride)
  }

  /// Whether `frame` has a descriptor. Linux: `pfn_valid()`.
  @inline(__always)
  public func contains(_ frame: PageFrameNumber) -> Bool {
    frame.rawValue &- start.rawValue < count.rawValue
  }

  /// Whether `page` points at a descriptor of this array, and not into the middle of one.
  @inline(__always)
  public func contains(_ page: Ref<Page>) -> Bool {
    let distance = page.address &- origin
    return contains(PageFrameNumber(distance / Self.stride)) && distance % Self.stride == 0
  }

  /// The descriptor that the owner of `page` knows it by: the head of a compound block, else the
  /// page itself. Linux: `compound_head()`.
  ///
  /// Blocks are aligned to their size, so the head needs no pointer.
  @inline(__always)
  public func head(of page: Ref<Page>) -> Ref<Page> {
    guard page.pointee.flags.contains(.tail) else { return page }
    let mask = page.pointee.order.pageCount.rawValue &- 1
    return self[PageFrameNumber(frame(of: page).rawValue & ~mask)]
  }
}
