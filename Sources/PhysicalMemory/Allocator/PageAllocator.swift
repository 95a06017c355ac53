public import Machine
public import MemoryTypes

/// The page allocator of one machine; one zone now.
///
/// It lives in the RAM it manages and is used through a `Ref`; every method may be called by
/// several processors at once. Linux: mm/page_alloc.c.
public struct PageAllocator: ~Copyable {
  /// The window to RAM.
  public let directMap: DirectMap
  /// The descriptors of all frames.
  public let pages: PageArray
  /// The one zone.
  public let zone: Zone
  /// The largest order that can be asked for. Linux: `MAX_PAGE_ORDER`.
  public let maximumOrder: Order
  /// Whom to ask for memory; nil: nobody. Set at boot, before a second processor starts.
  public var relief: Relief?
  /// Where the kernel heap keeps the way to its caches; 0 before there is one.
  ///
  /// Linux has a global for it; a host runs several machines in one process.
  public var heapRoot: UInt
  let faults: FaultSwitch

  init(directMap: DirectMap, pages: PageArray, zone: consuming Zone, maximumOrder: Order) {
    self.directMap = directMap
    self.pages = pages
    self.zone = zone
    self.maximumOrder = maximumOrder
    relief = nil
    heapRoot = 0
    faults = FaultSwitch()
  }

  /// Allocates 2^`order` frames side by side, aligned to their size; the first one's descriptor.
  ///
  /// `references` of the first is 1. The bytes are what the last owner left, unless `.zeroed`.
  /// Throws `.outOfMemory` when there is no such block, relief brought none and the flags let it
  /// fail, or `order` is too large; nothing has changed then. O(maximum order).
  /// Linux: `alloc_pages()`.
  @inline(__always)
  public func allocatePages(
    order: Order, flags: AllocationFlags
  ) throws(AllocationError) -> Ref<Page> {
    let isFaulty = !flags.contains(.noFail) && faults.shouldFail()
    guard !isFaulty, let page = takeBlock(order, flags) else {
      return try allocateSlowly(order, flags, isFaulty)
    }
    return page
  }

  /// Allocates one frame. Linux: `alloc_page()`.
  @inline(__always)
  public func allocatePage(flags: AllocationFlags) throws(AllocationError) -> Ref<Page> {
    try allocatePages(order: .zero, flags: flags)
  }

  /// Gives a block back, whatever its reference count: the caller has the last reference.
  ///
  /// Traps with a message on a page of another allocator, a block that is free already, an order
  /// other than the one it was allocated with, and a page that is still mapped.
  /// O(maximum order); O(frames) for a compound block. Linux: `free_pages()`.
  @inline(__always)
  public func freePages(_ page: Ref<Page>, order: Order) {
    guard pages.contains(page) else { BadFree.trapForeign() }
    guard page.pointee.mapCount == 0 else { BadFree.trapMapped() }
    zone.buddy.withLock { $0.free(page, order) }
  }

  /// Gives one frame back. Linux: `__free_page()`.
  @inline(__always)
  public func freePage(_ page: Ref<Page>) {
    freePages(page, order: .zero)
  }

  /// A block from the free lists, ready for its owner; nil without one.
  ///
  /// Linux: `get_page_from_freelist()`, `prep_new_page()`.
  @inline(__always)
  func takeBlock(_ order: Order, _ flags: AllocationFlags) -> Ref<Page>? {
    var mustClear = flags.contains(.zeroed)
    let taken = zone.buddy.withLock { buddy -> Ref<Page>? in
      guard let block = buddy.allocate(order) else { return nil }
      if flags.contains(.compound) { buddy.makeCompound(block, order) }
      if mustClear { mustClear = buddy.written.contains(pages.frame(of: block), order) }
      return block
    }
    guard let page = taken else { return nil }
    page.pointee.references = 1
    if mustClear { clear(page, order) }
    return page
  }

  /// Stores words, which compiles to one call of `memset` and is bearable without optimisation.
  private func clear(_ page: Ref<Page>, _ order: Order) {
    let words =
      directMap.pageSize.bytes(in: order.pageCount).rawValue / UInt(MemoryLayout<UInt>.size)
    // SAFETY: the block was just allocated, and nobody else has its address.
    let start = unsafe pointer(to: page).bindMemory(to: UInt.self, capacity: Int(words))
    unsafe start.update(repeating: 0, count: Int(words))
  }
}
