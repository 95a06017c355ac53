internal import MemoryTypes

/// A block of frames that is aligned to its size, and where its neighbours are.
///
/// It keeps its size, not its order, so that a block which grows order by order shifts nothing.
struct AlignedBlock {
  private var first: UInt
  private var size: UInt

  @inline(__always)
  init(_ start: PageFrameNumber, _ order: Order) {
    first = start.rawValue
    size = order.pageCount.rawValue
  }

  @inline(__always)
  var start: PageFrameNumber { PageFrameNumber(first) }

  /// Where the other half of the next larger block is. Linux: `__find_buddy_pfn()`.
  @inline(__always)
  var buddy: PageFrameNumber { PageFrameNumber(first ^ size) }

  /// Where the buddy of the block and its buddy together is.
  @inline(__always)
  var buddyOfBoth: PageFrameNumber { PageFrameNumber((first & ~size) ^ (size &<< 1)) }

  /// Becomes the block of the next order: this one and its buddy.
  @inline(__always)
  mutating func grow() {
    first &= ~size
    size &<<= 1
  }
}
