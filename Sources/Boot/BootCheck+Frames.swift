import Machine
import MemoryTypes
import PhysicalMemory

extension BootCheck {
  /// Takes a block of every order at once, writes each from end to end, and gives them back.
  mutating func checkFrames(_ pages: Ref<PageAllocator>) throws(BootError) {
    let before = pages.pointee.freePageCount
    try withBlocks(from: Order.zero, pages)
    pages.pointee.checkInvariants()
    try check(pages.pointee.freePageCount == before, orFail: "the buddy lost pages")
    report("buddy: blocks of order 0 to ", UInt64(pages.pointee.maximumOrder.rawValue), " passed\n")
  }

  /// Holds a block of `order` while the larger ones are taken, so that none can be the same.
  private func withBlocks(from order: Order, _ pages: Ref<PageAllocator>) throws(BootError) {
    guard order <= pages.pointee.maximumOrder else { return }
    let block = try allocating { () throws(AllocationError) in
      try pages.pointee.allocatePages(order: order, flags: .kernel)
    }
    fill(block, order, pages)
    try withBlocks(from: order.next, pages)
    try check(isFilled(block, order, pages), orFail: "two blocks share memory")
    pages.pointee.freePages(block, order: order)
  }

  private func fill(_ block: Ref<Page>, _ order: Order, _ pages: Ref<PageAllocator>) {
    for index in words(order, pages) {
      // SAFETY: the index lies in the block, which is ours.
      unsafe pages.pointee.pointer(to: block).storeBytes(
        of: pattern(index, order), toByteOffset: index * 4, as: UInt32.self)
    }
  }

  private func isFilled(_ block: Ref<Page>, _ order: Order, _ pages: Ref<PageAllocator>) -> Bool {
    for index in words(order, pages) {
      // SAFETY: the index lies in the block, which is ours.
      let word = unsafe pages.pointee.pointer(to: block).load(
        fromByteOffset: index * 4, as: UInt32.self)
      if word != pattern(index, order) { return false }
    }
    return true
  }

  private func words(_ order: Order, _ pages: Ref<PageAllocator>) -> Range<Int> {
    0..<Int(pages.pointee.directMap.pageSize.bytes(in: order.pageCount).rawValue / 4)
  }

  /// A word that no other word of any block has.
  private func pattern(_ index: Int, _ order: Order) -> UInt32 {
    UInt32(truncatingIfNeeded: index) << 8 | UInt32(order.rawValue)
  }
}
