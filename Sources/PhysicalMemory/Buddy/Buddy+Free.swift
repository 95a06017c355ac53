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
    block.pointee.flags = []
    block.pointee.standing = .inside
    statistics.frees &+= 1
    guard order < pageblocks.order else { return freeLarge(frame, order) }
    let type = pageblocks[frame]
    guard type.isOrdinary else { return freeSpecial(frame, order, type) }
    let size = Int(bitPattern: order.pageCount.rawValue)
    zone.pointee.counters.countFree(size, &lags.current.pointee)
    insertWithin(frame, order, type)
  }

  /// Merges a block within its pageblock, where all free blocks are of its type.
  @inline(__always)
  private mutating func insertWithin(
    _ start: PageFrameNumber, _ startOrder: Order, _ type: MigrateType
  ) {
    var frame = start
    var order = startOrder
    var bits = zone.pointee.counters.orders(of: type)
    // Copies stay in registers: no store into a descriptor makes them doubtful.
    let (lists, pages, standing) = (lists, pages, standing)
    while let buddy = Self.freeBuddy(of: frame, order, among: pages, standing) {
      let isLast = lists.remove(buddy, order, type)
      bits &= ~((isLast ? 1 : 0) &<< UInt32(order.rawValue))
      buddy.pointee.standing = .inside
      frame = PageFrameNumber(frame.rawValue & ~order.pageCount.rawValue)
      order = order.next
      statistics.merges &+= 1
      guard order < pageblocks.order else {
        zone.pointee.counters.setOrders(bits, of: type)
        return insert(frame, order, type, at: nil)
      }
    }
    zone.pointee.counters.setOrders(bits | 1 &<< UInt32(order.rawValue), of: type)
    let block = pages[frame]
    block.pointee.standing = standing.with(.free, order)
    lists.insert(block, order, type, atTail: isMergeLikely(frame, order))
  }

  /// Takes back what stands in a pageblock that is not for everyone.
  @inline(never)
  private mutating func freeSpecial(
    _ frame: PageFrameNumber, _ order: Order, _ type: MigrateType
  ) {
    count(Int(bitPattern: order.pageCount.rawValue), type)
    insert(frame, order, type, at: nil)
  }

  /// Takes the pageblocks of a block back one by one: some may have become another type.
  ///
  /// Linux: `split_large_buddy()`.
  @inline(never)
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
    var frame = start
    var order = startOrder
    while order < maximumOrder, let buddy = freeBuddy(of: frame, order) {
      let other = Self.buddy(of: frame, order)
      var itsType = type
      if order >= pageblocks.order {
        itsType = pageblocks[other]
        guard itsType == type || (itsType.isOrdinary && type.isOrdinary) else { break }
      }
      unlist(buddy, order, itsType)
      if itsType != type { setType(of: FrameRange(other, other + order.pageCount), to: type) }
      frame = PageFrameNumber(frame.rawValue & ~order.pageCount.rawValue)
      order = order.next
      statistics.merges &+= 1
    }
    let end = place ?? (isMergeLikely(frame, order) ? .tail : .head)
    list(pages[frame], order, type, at: end)
  }

  /// The buddy of the block at `frame` if it is free, of the same order and of this zone.
  ///
  /// Linux: `find_buddy_page_pfn()`, `page_is_buddy()`.
  @inline(__always)
  func freeBuddy(of frame: PageFrameNumber, _ order: Order) -> Ref<Page>? {
    Self.freeBuddy(of: frame, order, among: pages, standing)
  }

  @inline(__always)
  private static func freeBuddy(
    of frame: PageFrameNumber, _ order: Order, among pages: PageArray, _ standing: PageStanding
  ) -> Ref<Page>? {
    let other = buddy(of: frame, order)
    guard pages.contains(other) else { return nil }
    let buddy = pages[other]
    return buddy.pointee.standing == standing.with(.free, order) ? buddy : nil
  }

  /// Whether the block above is free, so that this one's buddy coming back makes two orders more.
  ///
  /// Linux: `buddy_merge_likely()`.
  @inline(__always)
  private func isMergeLikely(_ frame: PageFrameNumber, _ order: Order) -> Bool {
    guard order.index + 1 < maximumOrder.index else { return false }
    let half = PageFrameNumber(frame.rawValue & ~order.pageCount.rawValue)
    return freeBuddy(of: half, order.next) != nil
  }

  /// Where the buddy of a block would be. Linux: `__find_buddy_pfn()`.
  @inline(__always)
  static func buddy(of frame: PageFrameNumber, _ order: Order) -> PageFrameNumber {
    PageFrameNumber(frame.rawValue ^ order.pageCount.rawValue)
  }

  /// Where the buddy of the block and its buddy together would be.
  @inline(__always)
  static func pair(above frame: PageFrameNumber, _ order: Order) -> PageFrameNumber {
    buddy(of: PageFrameNumber(frame.rawValue & ~order.pageCount.rawValue), order.next)
  }
}
