internal import MemoryTypes

extension PageAllocator {
  /// Makes the frames of an allocated block one page in the eyes of its owner.
  ///
  /// O(frames). Linux: `prep_compound_page()`.
  func makeCompound(_ block: Ref<Page>, _ order: Order) {
    guard order > .zero else { return }
    block.pointee.flags.insert(.head)
    setTails(block, order, flags: .tail, order)
  }

  /// Undoes `makeCompound(_:_:)` before the block is freed. Linux: `free_tail_page_prepare()`.
  @inline(never)
  func dissolveCompound(_ block: Ref<Page>, _ order: Order) {
    setTails(block, order, flags: [], .zero)
  }

  private func setTails(
    _ block: Ref<Page>, _ blockOrder: Order, flags: PageFlags, _ order: Order
  ) {
    let first = pages.frame(of: block)
    var offset: UInt = 1
    while offset < blockOrder.pageCount.rawValue {
      let tail = pages[first + PageCount(offset)]
      tail.pointee.flags = flags
      tail.pointee.order = order
      offset += 1
    }
  }
}
