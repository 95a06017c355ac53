internal import Machine
public import MemoryTypes

extension PageAllocator {
  /// Gives a block back, whatever its reference count: the caller has the last reference.
  ///
  /// Traps with a message on a page of another allocator, a block that is free already, an order
  /// other than the one it was allocated with, and a page that is still mapped.
  /// O(maximum order); O(frames) for a compound block. Linux: `free_pages()`.
  @inline(__always)
  public func freePages(_ page: Ref<Page>, order: Order) {
    release(page, order)
    give(page, order)
  }

  /// Puts a checked block where it is found again. Linux: `free_unref_page()`.
  @inline(__always)
  func give(_ page: Ref<Page>, _ order: Order) {
    guard isOnPerCPULists(order) else { return giveToZone(page, order) }
    let type = pageblocks[pages.frame(of: page)]
    guard type != .isolated else { return giveToZone(page, order) }
    page.pointee.flags = page.pointee.flags.intersection(.zeroFilled).union(.perCPU)
    // What stands in special pageblocks is lent to movable requests only.
    let list = type.isOrdinary ? type : .movable
    guard zones[page].pointee.givePerCPU(page, order, list, on: processors.index) else {
      return giveToZone(page, order)
    }
  }

  /// Gives a block straight back to the free lists, as a processor does whose lists are in use.
  ///
  /// Otherwise as `freePages(_:order:)`. Linux: `free_one_page()`.
  public func freePagesToZone(_ page: Ref<Page>, order: Order) {
    release(page, order)
    giveToZone(page, order)
  }

  /// Whether blocks of `order` pass through the per-CPU lists. Linux: `pcp_allowed_order()`.
  @inline(__always)
  func isOnPerCPULists(_ order: Order) -> Bool {
    perCPUOrders &>> UInt16(order.rawValue) & 1 != 0
  }

  @inline(never)
  private func giveToZone(_ page: Ref<Page>, _ order: Order) {
    let frame = pages.frame(of: page)
    // The two descriptors that decide where the block goes arrive while the lock is taken.
    pages[Buddy.buddy(of: frame, order)].prefetch()
    pages[Buddy.pair(above: frame, order)].prefetch()
    zones[page].pointee.withFreeLists(on: processors.index) { buddy in
      buddy.statistics.pagesFreedDirectly &+= order.pageCount.rawValue
      buddy.free(page, order)
    }
  }

  /// Takes the block from its owner.
  @inline(__always)
  private func release(_ page: Ref<Page>, _ order: Order) {
    guard pages.contains(page) else { BadFree.trapForeign() }
    let isPlain = page.pointee.flags.isDisjoint(with: .seldomWhenFreed)
    if !page.pointee.isAllocated(order) || page.pointee.mapCount != 0 || !isPlain || touchesFrames {
      prepareFree(page, order)
    }
    page.pointee.mapping = 0
    page.pointee.references = 0
  }

  private func check(_ page: Ref<Page>, _ order: Order) {
    guard page.pointee.mapCount == 0 else { BadFree.trapMapped() }
    guard page.pointee.isAllocated(order),
      page.pointee.flags.isDisjoint(with: [.perCPU, .tail, .reserved])
    else { BadFree.trap(page) }
  }

  /// What is seldom to do before a block is free; traps when it must not be. Linux:
  /// `free_pages_prepare()`.
  @inline(never)
  private func prepareFree(_ page: Ref<Page>, _ order: Order) {
    check(page, order)
    if page.pointee.flags.contains(.head) { dissolveCompound(page, order) }
    if options.poisonsFreeFrames {
      poison(page, order)
      page.pointee.flags.remove(.zeroFilled)
    } else if options.clearsOnFree, !page.pointee.flags.contains(.zeroFilled) {
      clear(page, order)
      page.pointee.flags.insert(.zeroFilled)
    }
  }
}
