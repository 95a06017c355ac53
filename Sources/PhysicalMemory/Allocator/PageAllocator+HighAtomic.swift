internal import MemoryTypes

extension PageAllocator {
  /// Keeps the pageblock of a large block that could not wait for the next such request.
  @inline(never)
  func reserveHighAtomic(_ page: Ref<Page>, _ order: Order, _ zone: Ref<Zone>) {
    zone.pointee.withFreeLists(on: processors.index) { $0.reserveHighAtomic(page, order) }
  }

  /// Gives a kept pageblock of a zone that the request may use back; false when none could be.
  ///
  /// A zone's last one is left, unless nothing else is left to try.
  func releaseHighAtomic(for request: PageRequest, sparingLast: Bool) -> Bool {
    let least = sparingLast ? pageblocks.order.pageCount : .zero
    for position in 0..<zonelists.count(of: request.node) {
      let zone = zones[zonelists.zone(position, of: request.node)]
      guard zone.pointee.kind <= request.highest,
        request.allowed >> UInt64(zone.pointee.node) & 1 != 0,
        zone.pointee.highAtomicPages > least
      else { continue }
      let isReleased = zone.pointee.withFreeLists(on: processors.index) {
        $0.releaseHighAtomic(for: request.type)
      }
      if isReleased { return true }
    }
    return false
  }
}
