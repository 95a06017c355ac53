public import MemoryTypes

extension PageAllocator {
  /// Calls `body` with the first page and the order of each block that somebody owns, lowest frame
  /// first. `body` may be called with blocks that are freed meanwhile.
  ///
  /// O(blocks + reserved frames): free memory is passed over in whole blocks.
  public func forEachOwnedBlock(_ body: (Ref<Page>, Order) -> Void) {
    var frame = pages.start
    while frame < pages.end {
      let page = pages[frame]
      let isBlock = page.pointee.state != .inside && !page.pointee.flags.contains(.reserved)
      guard isBlock else {
        frame = frame + PageCount(1)
        continue
      }
      if page.pointee.state == .allocated, !page.pointee.flags.contains(.perCPU) {
        body(page, page.pointee.order)
      }
      frame = frame + page.pointee.order.pageCount
    }
  }
}
