internal import MemoryTypes

/// The free frames of one zone, folded into blocks of a power of two. Linux: `free_area`.
///
/// A block of order n starts at a frame number that is a multiple of 2^n, so the frame of its
/// buddy differs in bit n only. Two free buddies never stand side by side: they are one block of
/// the next order. All of it is guarded by the zone's lock.
struct Buddy: Sendable {
  let pages: PageArray
  /// The frames that the zone spans; a buddy outside does not exist.
  let range: FrameRange
  /// The largest order a block can have. Linux: `MAX_PAGE_ORDER`.
  let maximumOrder: Order
  /// What must be cleared for who wants zeros.
  let written: WrittenFrames
  /// Free lists by order. One page size needs orders up to 13 (64 KiB granule).
  private(set) var lists = InlineArray<14, PageList>(repeating: PageList())
  private(set) var freePages = PageCount.zero
  /// The frames that were ever handed over. Linux: `managed_pages`.
  private(set) var managedPages = PageCount.zero
  var statistics = BuddyStatistics()

  init(
    pages: PageArray, range: FrameRange, maximumOrder: Order, written: WrittenFrames
  ) {
    precondition(maximumOrder.index < 14, "no free list for the largest order")
    self.pages = pages
    self.range = range
    self.maximumOrder = maximumOrder
    self.written = written
  }

  /// Takes a block of `order`, the head of the smallest order that has one; nil if none has.
  ///
  /// O(maximum order). Linux: `__rmqueue_smallest()`.
  @inline(__always)
  mutating func allocate(_ order: Order) -> Ref<Page>? {
    var found = order
    while found <= maximumOrder {
      if let block = lists[found.index].popFront() {
        split(block, from: found, to: order)
        freePages = PageCount(freePages.rawValue &- order.pageCount.rawValue)
        statistics.allocations &+= 1
        block.pointee.state = .allocated
        block.pointee.order = order
        return block
      }
      found = found.next
    }
    statistics.failures &+= 1
    return nil
  }

  /// Gives an allocated block back and merges it as far as it goes.
  ///
  /// Traps when `block` is not the first frame of a block that was allocated with `order`.
  /// O(maximum order). Linux: `__free_one_page()`.
  @inline(__always)
  mutating func free(_ block: Ref<Page>, _ order: Order) {
    guard block.pointee.state == .allocated && block.pointee.order == order else {
      BadFree.trap(block)
    }
    if block.pointee.flags.contains(.head) { dissolveCompound(block, order) }
    let frame = pages.frame(of: block)
    if !block.pointee.flags.contains(.zeroFilled) { written.insert(frame, order) }
    block.pointee.flags = []
    block.pointee.state = .inside
    block.pointee.mapping = 0
    block.pointee.references = 0
    statistics.frees &+= 1
    insert(frame, order, at: nil)
  }

  /// Takes over an aligned block that nobody owned, as boot does: it goes to the tail.
  ///
  /// Linux: `__free_pages_core()`.
  mutating func handOver(_ frame: PageFrameNumber, _ order: Order) {
    managedPages += order.pageCount
    insert(frame, order, at: .tail)
  }

  /// The end of a free list that a block goes to.
  enum ListEnd {
    case head
    case tail
  }

  /// Puts the upper halves of `block` at the heads of their lists. Linux: `expand()`.
  @inline(__always)
  private mutating func split(_ block: Ref<Page>, from high: Order, to low: Order) {
    guard high > low else { return }
    let frame = pages.frame(of: block)
    var order = high
    while order > low {
      order = order.previous
      let half = pages[frame + order.pageCount]
      mark(half, order)
      lists[order.index].pushFront(half)
      statistics.splits &+= 1
    }
  }

  /// Merges the block with its free buddies and lists it; at the end that `place` names, else at
  /// the tail if the next merge is likely and at the head if not.
  @inline(__always)
  private mutating func insert(
    _ start: PageFrameNumber, _ startOrder: Order, at place: ListEnd?
  ) {
    freePages = PageCount(freePages.rawValue &+ startOrder.pageCount.rawValue)
    var frame = start
    var order = startOrder
    while order < maximumOrder, let buddy = freeBuddy(of: frame, order) {
      lists[order.index].remove(buddy)
      unmark(buddy)
      frame = PageFrameNumber(frame.rawValue & ~order.pageCount.rawValue)
      order = order.next
      statistics.merges &+= 1
    }
    let block = pages[frame]
    mark(block, order)
    if place == .tail || (place == nil && isMergeLikely(frame, order)) {
      lists[order.index].pushBack(block)
    } else {
      lists[order.index].pushFront(block)
    }
  }

  /// The buddy of the block at `frame` if it is free and of the same order.
  ///
  /// Linux: `find_buddy_page_pfn()`.
  @inline(__always)
  private func freeBuddy(of frame: PageFrameNumber, _ order: Order) -> Ref<Page>? {
    let other = PageFrameNumber(frame.rawValue ^ order.pageCount.rawValue)
    guard range.contains(other) else { return nil }
    let buddy = pages[other]
    guard buddy.pointee.state == .free, buddy.pointee.order == order else { return nil }
    return buddy
  }

  /// Whether the block above is free, so that this one's buddy coming back makes two orders more.
  ///
  /// Such a block is used last, to let that happen. Linux: `buddy_merge_likely()`.
  @inline(__always)
  private func isMergeLikely(_ frame: PageFrameNumber, _ order: Order) -> Bool {
    guard order.index + 1 < maximumOrder.index else { return false }
    let pair = PageFrameNumber(frame.rawValue & ~order.pageCount.rawValue)
    return freeBuddy(of: pair, order.next) != nil
  }

  @inline(__always)
  private func mark(_ block: Ref<Page>, _ order: Order) {
    block.pointee.state = .free
    block.pointee.order = order
  }

  @inline(__always)
  private func unmark(_ block: Ref<Page>) {
    block.pointee.state = .inside
    block.pointee.order = .zero
  }
}

/// What one zone's buddy has done since boot.
public struct BuddyStatistics: Hashable, Sendable {
  /// Blocks handed out.
  public internal(set) var allocations: UInt = 0
  /// Blocks given back.
  public internal(set) var frees: UInt = 0
  /// Blocks cut in halves.
  public internal(set) var splits: UInt = 0
  /// Pairs of halves joined.
  public internal(set) var merges: UInt = 0
  /// Requests that found no block.
  public internal(set) var failures: UInt = 0
}
