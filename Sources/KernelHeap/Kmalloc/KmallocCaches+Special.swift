internal import Machine
internal import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

/// What is neither small nor ordinary.
extension KmallocCaches {
  /// Nothing, a special row, or whole frames.
  @inline(never)
  func allocateSpecially(
    _ size: ByteCount, _ flags: AllocationFlags
  ) throws(AllocationError) -> UnsafeMutableRawPointer {
    guard size > .zero else { return unsafe Self.zeroSizePointer }
    guard size.rawValue <= largestSize else {
      if let object = unsafe try allocateSimply(size, flags) { return unsafe object }
      return try unsafe allocateLarge(size, flags)
    }
    let index = table.classIndex(size.rawValue)
    let cache = table.cache(KmallocKind(flags), index) ?? table.cache(index)
    return try unsafe cache.allocate(flags)
  }

  @inline(never)
  func freeSpecially(_ pointer: UnsafeMutableRawPointer) {
    guard unsafe pointer != Self.zeroSizePointer else { return }
    guard let page = table.pointee.window.headPage(of: UInt(bitPattern: pointer)) else {
      SlabMisuse.trapNoHeapPointer()
    }
    unsafe freeLarge(pointer, page)
  }

  /// Whole frames for one object. Linux: `___kmalloc_large_node()`.
  private func allocateLarge(
    _ size: ByteCount, _ flags: AllocationFlags
  ) throws(AllocationError) -> UnsafeMutableRawPointer {
    let order = Order.holding(pages.pointee.directMap.pageSize.pages(in: size))
    let page = try pages.pointee.allocatePages(order: order, flags: flags.union(.compound))
    page.pointee.flags.insert(.largeKmalloc)
    page.pointee.flags.remove(.zeroFilled)
    countLarge(order.pageCount.rawValue)
    return unsafe pages.pointee.pointer(to: page)
  }

  /// Linux: `free_large_kmalloc()`.
  private func freeLarge(_ pointer: UnsafeMutableRawPointer, _ page: Ref<Page>) {
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
