internal import MemoryTypes

extension PageAllocator {
  /// The policy when the free lists have no block: ask for relief, try again, give up as the
  /// flags say. Linux: `__alloc_pages_slowpath()`.
  @inline(never)
  func allocateSlowly(
    _ order: Order, _ flags: AllocationFlags, _ isFaulty: Bool
  ) throws(AllocationError) -> Ref<Page> {
    guard !isFaulty, order <= maximumOrder else { throw .outOfMemory }
    while flags.contains(.directReclaim), let relief {
      let hasProgress = relief(order, flags)
      if let page = takeBlock(order, flags) { return page }
      guard hasProgress, !flags.contains(.noRetry) else { break }
    }
    if flags.contains(.noFail) {
      fatalError("an allocation that must not fail found no memory and no relief")
    }
    throw .outOfMemory
  }
}
