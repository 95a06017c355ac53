internal import MemoryTypes

extension Zone {
  /// Takes a block smaller than a pageblock back into `zone`; false, and nothing done, when it stands
  /// in a pageblock that is not for everyone, and when the lock is not free.
  ///
  /// What is known without the lock comes first.
  @inline(__always)
  static func giveQuickly(
    _ block: Ref<Page>, _ order: Order, _ neighbours: Neighbours, _ type: PageblockType,
    to zone: Ref<Zone>, on processor: Int
  ) -> Bool {
    let lag = zone.pointee.lags[processor]
    let mark = zone.pointee.standing.with(.free, order)
    // SAFETY: each way out of here frees the lock, and nothing uses the lists after it.
    guard let buddy = unsafe zone.pointee.buddy.tryLock() else { return false }
    let type = type.now
    guard type.isOrdinary else {
      unsafe zone.pointee.buddy.unlock()
      return false
    }
    let size = order.pageCount.rawValue
    zone.pointee.counters.countFree(Int(bitPattern: size), &lag.pointee)
    unsafe buddy.pointee.statistics.frees &+= 1
    unsafe buddy.pointee.statistics.pagesFreedDirectly &+= size
    block.pointee.flags = []
    guard neighbours.buddy.pointee.standing != mark else {
      mergeAndUnlock(block, order, type, zone)
      return true
    }
    zone.pointee.counters.setOccupied(order, type)
    block.pointee.standing = mark
    let isMergeLikely =
      unsafe order.next < buddy.pointee.maximumOrder
      && neighbours.buddyOfBoth.pointee.standing == mark.larger
    zone.pointee.lists.list(order, type).insert(block, atTail: isMergeLikely)
    unsafe zone.pointee.buddy.unlock()
    return true
  }

  /// Ends a free whose block merges.
  @inline(never)
  private static func mergeAndUnlock(
    _ block: Ref<Page>, _ order: Order, _ type: MigrateType, _ zone: Ref<Zone>
  ) {
    // SAFETY: the caller holds the lock.
    let buddy = unsafe zone.pointee.buddy.lockedValue
    block.pointee.standing = .inside
    unsafe buddy.pointee.insertWithin(
      AlignedBlock(buddy.pointee.pages.frame(of: block), order), order, type)
    unsafe zone.pointee.buddy.unlock()
  }
}
