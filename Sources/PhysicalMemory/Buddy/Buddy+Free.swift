internal import MemoryTypes

extension Buddy {
  /// Takes an allocated block back and merges it as far as it goes.
  ///
  /// The block goes to the tail of its list when its own buddy's return would merge it further, so
  /// that it is used last, else to the head. The caller has checked that the block is allocated
  /// with `order`. O(maximum order). Linux: `__free_one_page()`.
  @inline(__always)
  mutating func free(_ block: Ref<Page>, _ order: Order) {
    let frame = pages.frame(of: block)
    if !block.pointee.flags.contains(.zeroFilled) { written.insert(frame, order) }
    statistics.frees &+= 1
    let type = order < pageblocks.order ? pageblocks.type(ofKnown: frame) : .isolated
    guard type.isOrdinary else { return freeSeldom(block, order) }
    let size = Int(bitPattern: order.pageCount.rawValue)
    zone.pointee.counters.countFree(size, &lag.pointee)
    block.pointee.flags = []
    block.pointee.standing = .inside
    insertWithin(AlignedBlock(frame, order), order, type)
  }

  /// Merges a block within its pageblock, where all free blocks are of its type.
  ///
  /// All that depends on the order moves on with it, so that no step works it out anew.
  @inline(__always)
  mutating func insertWithin(
    _ start: AlignedBlock, _ startOrder: Order, _ type: MigrateType
  ) {
    // Copies stay in registers: no store into a descriptor makes them doubtful.
    let pages = pages
    var block = start
    var mark = standing.with(.free, startOrder)
    var list = lists.list(startOrder, type)
    var bit: UInt32 = 1 &<< UInt32(startOrder.rawValue)
    var orders = zone.pointee.counters.orders(of: type)
    while pages[block.buddy].pointee.standing == mark {
      let buddy = pages[block.buddy]
      orders &= ~(list.remove(buddy) ? bit : 0)
      buddy.pointee.standing = .inside
      block.grow()
      mark = mark.larger
      guard mark.order < pageblocks.order else {
        return insertPageblock(block, startOrder, orders, type)
      }
      list.advance()
      bit &<<= 1
    }
    statistics.merges &+= UInt(mark.order.rawValue &- startOrder.rawValue)
    zone.pointee.counters.setOrders(orders | bit, of: type)
    let page = pages[block.start]
    page.pointee.standing = mark
    let isMergeLikely =
      mark.order.next < maximumOrder && pages[block.buddyOfBoth].pointee.standing == mark.larger
    list.insert(page, atTail: isMergeLikely)
  }

  /// Goes on with a block that became a whole pageblock.
  @inline(never)
  private mutating func insertPageblock(
    _ block: AlignedBlock, _ startOrder: Order, _ orders: UInt32, _ type: MigrateType
  ) {
    statistics.merges &+= UInt(pageblocks.order.rawValue &- startOrder.rawValue)
    zone.pointee.counters.setOrders(orders, of: type)
    insert(block.start, pageblocks.order, type, at: nil)
  }

  /// Takes back whole pageblocks, or what stands in one that is not for everyone.
  @inline(never)
  private mutating func freeSeldom(_ block: Ref<Page>, _ order: Order) {
    let frame = pages.frame(of: block)
    block.pointee.flags = []
    block.pointee.standing = .inside
    order < pageblocks.order
      ? freeSpecial(frame, order, pageblocks[frame]) : freeLarge(frame, order)
  }

  /// Takes back what stands in a pageblock that is not for everyone.
  private mutating func freeSpecial(
    _ frame: PageFrameNumber, _ order: Order, _ type: MigrateType
  ) {
    count(Int(bitPattern: order.pageCount.rawValue), type)
    insert(frame, order, type, at: nil)
  }

  /// Takes the pageblocks of a block back one by one: some may have become another type.
  ///
  /// Linux: `split_large_buddy()`.
  private mutating func freeLarge(_ start: PageFrameNumber, _ order: Order) {
    let part = pageblocks.order
    var frame = start
    while frame < start + order.pageCount {
      let type = pageblocks[frame]
      count(Int(bitPattern: part.pageCount.rawValue), type)
      insert(frame, part, type, at: nil)
      frame = frame + part.pageCount
    }
  }

  /// Takes over an aligned block that nobody owned, as boot does: it goes to the tail.
  ///
  /// Linux: `__free_pages_core()`.
  mutating func handOver(_ frame: PageFrameNumber, _ order: Order) {
    zone.pointee.counters.countManaged(Int(bitPattern: order.pageCount.rawValue))
    count(Int(bitPattern: order.pageCount.rawValue), pageblocks[frame])
    insert(frame, order, pageblocks[frame], at: .tail)
  }

  /// Merges a block that was counted with its free buddies and lists it; at the end that `place`
  /// names, else at the tail if the next merge is likely and at the head if not.
  ///
  /// Whole pageblocks merge if their types are equal or both ordinary.
  @inline(never)
  mutating func insert(
    _ start: PageFrameNumber, _ startOrder: Order, _ type: MigrateType, at place: ListEnd?
  ) {
    var block = AlignedBlock(start, startOrder)
    var order = startOrder
    while order < maximumOrder, let buddy = freeBuddy(of: block, order) {
      var itsType = type
      if order >= pageblocks.order {
        itsType = pageblocks[block.buddy]
        guard itsType == type || (itsType.isOrdinary && type.isOrdinary) else { break }
      }
      unlist(buddy, order, itsType)
      if itsType != type {
        setType(of: FrameRange(block.buddy, block.buddy + order.pageCount), to: type)
      }
      block.grow()
      order = order.next
      statistics.merges &+= 1
    }
    let end = place ?? (isMergeLikely(block, order) ? .tail : .head)
    list(pages[block.start], order, type, at: end)
  }

  /// The buddy of a block of `order` if it is free, of the same order and of this zone.
  ///
  /// Linux: `find_buddy_page_pfn()`, `page_is_buddy()`.
  func freeBuddy(of block: AlignedBlock, _ order: Order) -> Ref<Page>? {
    let buddy = pages[block.buddy]
    return buddy.pointee.standing == standing.with(.free, order) ? buddy : nil
  }

  /// Whether the block above is free, so that this one's buddy coming back makes two orders more.
  ///
  /// Linux: `buddy_merge_likely()`.
  private func isMergeLikely(_ block: AlignedBlock, _ order: Order) -> Bool {
    order.next < maximumOrder
      && pages[block.buddyOfBoth].pointee.standing == standing.with(.free, order.next)
  }
}
