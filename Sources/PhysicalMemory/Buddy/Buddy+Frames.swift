internal import MemoryTypes

extension Buddy {
  /// Takes the block of `order` at `frame`, wherever it lies in a free block; nil when it is not all
  /// free. The rest of the block it was in goes to the heads of the lists.
  ///
  /// O(maximum order). Linux: `take_page_off_buddy()`.
  mutating func take(_ frame: PageFrameNumber, _ order: Order) -> Ref<Page>? {
    var found = order
    while found <= maximumOrder {
      let start = PageFrameNumber(frame.rawValue & ~(found.pageCount.rawValue &- 1))
      if range.contains(start), pages[start].pointee.isFree(found, in: zone) {
        return cut(frame, order, from: start, found)
      }
      found = found.next
    }
    return nil
  }

  /// The start of the free block that `frame` is in; nil when it is not free. O(maximum order).
  func freeBlock(holding frame: PageFrameNumber) -> PageFrameNumber? {
    var order = Order.zero
    while order <= maximumOrder {
      let start = PageFrameNumber(frame.rawValue & ~(order.pageCount.rawValue &- 1))
      if range.contains(start), pages[start].pointee.isFree(order, in: zone) { return start }
      order = order.next
    }
    return nil
  }

  private mutating func cut(
    _ frame: PageFrameNumber, _ order: Order, from start: PageFrameNumber, _ found: Order
  ) -> Ref<Page> {
    let type = pageblocks[start]
    unlist(pages[start], found, type)
    var block = start
    var size = found
    while size > order {
      size = size.previous
      let upper = block + size.pageCount
      let isInUpper = frame >= upper
      list(pages[isInUpper ? block : upper], size, type, at: .head)
      if isInUpper { block = upper }
      statistics.splits &+= 1
    }
    count(-Int(bitPattern: order.pageCount.rawValue), type)
    statistics.allocations &+= 1
    return claim(pages[block], order)
  }
}
