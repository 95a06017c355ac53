internal import MemoryTypes

extension Buddy {
  /// Keeps the pageblock of an allocated block back for large requests that cannot wait, unless a
  /// hundredth of the zone is kept already, or is less than a pageblock.
  ///
  /// Linux: `reserve_highatomic_pageblock()`.
  mutating func reserveHighAtomic(_ block: Ref<Page>, _ order: Order) {
    let limit = zone.pointee.managedPages.rawValue / 100
    let size = pageblocks.order.pageCount.rawValue
    guard limit >= size else { return }
    let ceiling = (limit + size - 1) / size * size
    guard zone.pointee.highAtomicPages.rawValue < ceiling else { return }
    let frame = pages.frame(of: block)
    let type = pageblocks[frame]
    guard type.isOrdinary else { return }
    guard order < pageblocks.order else {
      setType(of: FrameRange(frame, frame + order.pageCount), to: .highAtomic)
      zone.pointee.counters.countHighAtomic(Int(bitPattern: order.pageCount.rawValue))
      return
    }
    let whole = pageblocks.block(of: frame)
    guard range.start <= whole.start, whole.end <= range.end else { return }
    moveFreeBlocks(in: whole, from: type, to: .highAtomic)
    pageblocks[frame] = .highAtomic
    zone.pointee.counters.countHighAtomic(Int(bitPattern: size))
  }

  /// Gives one kept pageblock back to requests of `type`; false without one that has free frames.
  ///
  /// Linux: `unreserve_highatomic_pageblock()`.
  mutating func releaseHighAtomic(for type: MigrateType) -> Bool {
    let orders = zone.pointee.counters.orders(of: .highAtomic)
    guard orders != 0 else { return false }
    let order = Order(UInt8(orders.trailingZeroBitCount))
    guard let block = lists.first(order, .highAtomic) else { return false }
    let frame = pages.frame(of: block)
    let first = pageblocks.block(of: frame).start
    let whole = FrameRange(first, first + max(order, pageblocks.order).pageCount)
    let size = min(whole.count.rawValue, zone.pointee.highAtomicPages.rawValue)
    zone.pointee.counters.countHighAtomic(-Int(bitPattern: size))
    moveFreeBlocks(in: whole, from: .highAtomic, to: type)
    setType(of: whole, to: type)
    return true
  }
}
