internal import MemoryTypes
internal import PhysicalMemory

/// Leaves free blocks of given counts in an empty zone, at places of our choice.
///
/// Two free buddies would be one block, so of each pair at most one is free as a whole; the other
/// holds smaller free blocks, or none. Blocks of a type fill pageblocks of their own.
struct FreeBlockPlan {
  private let pages: Ref<PageAllocator>
  private let end: PageFrameNumber
  private let largest: Order
  private var next: PageFrameNumber
  /// Blocks that found no place, by order.
  private(set) var missing: [UInt64]

  /// For frames of one zone, all of which are free.
  init(_ range: FrameRange, of pages: Ref<PageAllocator>) {
    self.pages = pages
    largest = pages.pointee.maximumOrder
    let size = largest.pageCount.rawValue
    next = PageFrameNumber((range.start.rawValue + size - 1) & ~(size - 1))
    end = PageFrameNumber(range.end.rawValue & ~(size - 1))
    missing = Array(repeating: 0, count: largest.index + 1)
    // What is no whole block of the largest order is used.
    take(from: range.start, to: min(next, range.end))
    take(from: max(end, min(next, range.end)), to: range.end)
  }

  /// Leaves so many blocks of each order free for requests of a type.
  mutating func leave(_ counts: [UInt64], _ type: MigrateType) {
    var counts = counts + Array(repeating: 0, count: max(0, largest.index + 1 - counts.count))
    while counts.contains(where: { $0 > 0 }), next < end {
      setType(type)
      if counts[largest.index] > 0 {
        counts[largest.index] -= 1
      } else {
        carve(next, largest, &counts)
      }
      next = next + largest.pageCount
    }
    for order in missing.indices { missing[order] &+= counts[order] }
  }

  /// Takes so many single frames, or as many as there are, side by side; the lists of processors have
  /// some, of which nobody recorded more than their number.
  mutating func takeSingles(_ count: UInt64) -> FrameRange {
    let start = next
    let room = end > next ? end.rawValue - next.rawValue : 0
    let limit = min(UInt(clamping: count), room)
    var frame = start
    while frame < start + PageCount(limit) {
      use(frame, .zero)
      frame = frame + PageCount(1)
    }
    let size = largest.pageCount.rawValue
    next = PageFrameNumber((frame.rawValue + size - 1) & ~(size - 1))
    take(from: frame, to: next)
    return FrameRange(start, frame)
  }

  /// Uses all the rest.
  mutating func finish() {
    take(from: next, to: max(next, end))
    next = max(next, end)
  }

  /// Uses a part of a block, and leaves free what counts say.
  private func carve(_ start: PageFrameNumber, _ order: Order, _ counts: inout [UInt64]) {
    guard counts[..<order.index].contains(where: { $0 > 0 }) else { return use(start, order) }
    let half = order.previous
    if counts[half.index] > 0 {
      counts[half.index] -= 1
    } else {
      carve(start, half, &counts)
    }
    carve(start + half.pageCount, half, &counts)
  }

  private func take(from start: PageFrameNumber, to end: PageFrameNumber) {
    var frame = start
    while frame < end {
      var order = min(Order(UInt8(clamping: frame.rawValue.trailingZeroBitCount)), largest)
      while end.rawValue - frame.rawValue < order.pageCount.rawValue { order = order.previous }
      use(frame, order)
      frame = frame + order.pageCount
    }
  }

  private func use(_ start: PageFrameNumber, _ order: Order) {
    _ = pages.pointee.restoreTaken(start, order)
  }

  /// The lists of the region follow from the type, so it leaves them and comes back.
  private func setType(_ type: MigrateType) {
    guard pages.pointee.pageblocks[next] != type,
      let page = pages.pointee.restoreTaken(next, largest)
    else { return }
    var frame = next
    while frame < next + largest.pageCount {
      pages.pointee.restoreType(type, of: frame)
      frame = frame + pages.pointee.options.pageblockOrder.pageCount
    }
    pages.pointee.freePagesToZone(page, order: largest)
  }
}
