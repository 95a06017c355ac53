internal import Machine
internal import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

extension KmallocCaches {
  /// Whole frames for one object. Linux: `___kmalloc_large_node()`.
  @inline(never)
  func allocateLarge(
    _ size: ByteCount, _ flags: AllocationFlags
  ) throws(AllocationError) -> UnsafeMutableRawPointer {
    let order = Order.holding(pages.pointee.directMap.pageSize.pages(in: size))
    let page = try pages.pointee.allocatePages(order: order, flags: flags.union(.compound))
    page.pointee.flags.insert(.largeKmalloc)
    countLarge(order.pageCount.rawValue)
    return unsafe pages.pointee.pointer(to: page)
  }

  /// Linux: `free_large_kmalloc()`.
  @inline(never)
  func freeLarge(_ pointer: UnsafeMutableRawPointer, _ page: Ref<Page>) {
    let isStart = unsafe pages.pointee.pointer(to: page) == pointer
    guard page.pointee.flags.contains(.largeKmalloc), isStart else {
      SlabMisuse.trapNoHeapPointer()
    }
    let order = page.pointee.order
    countLarge(0 &- order.pageCount.rawValue)
    pages.pointee.freePages(page, order: order)
  }

  private func countLarge(_ difference: UInt) {
    guard let root = HeapRoot.existing(pages) else { return }
    root.pointee.largePages.wrappingAdd(difference, ordering: .relaxed)
  }
}
