internal import MemoryTypes

extension PageAllocator {
  /// Keeps the pageblock of a large block that could not wait for the next such request.
  @inline(never)
  func reserveHighAtomic(_ page: Ref<Page>, _ order: Order, _ zone: Ref<Zone>) {
    zone.pointee.withFreeLists(on: processors.index) { $0.reserveHighAtomic(page) }
  }

  /// Gives kept pageblocks back, the first found; false when none could be.
  func releaseHighAtomic(for request: PageRequest) -> Bool {
    for zone in zones where zone.pointee.highAtomicPages > .zero {
      let isReleased = zone.pointee.withFreeLists(on: processors.index) {
        $0.releaseHighAtomic(for: request.type)
      }
      if isReleased { return true }
    }
    return false
  }
}
