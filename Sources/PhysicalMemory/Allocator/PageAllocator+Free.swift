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
    guard isPlain(page, order) else { return freeSeldom(page, order) }
    giveUp(page)
    give(page, order)
  }

  /// Frees a block with which more is to do, or which must not be freed.
  @inline(never)
  private func freeSeldom(_ page: Ref<Page>, _ order: Order) {
    prepareFree(page, order)
    giveUp(page)
    give(page, order)
  }

  /// Puts a checked block where it is found again. Linux: `free_unref_page()`.
  @inline(__always)
  func give(_ page: Ref<Page>, _ order: Order) {
    processors.isAlwaysFirst ? give(page, order, 0) : giveOnSome(page, order)
  }

  @inline(never)
  private func giveOnSome(_ page: Ref<Page>, _ order: Order) {
    give(page, order, processors.index)
  }

  @inline(__always)
  private func give(_ page: Ref<Page>, _ order: Order, _ processor: Int) {
    isOnPerCPULists(order)
      ? giveToProcessor(page, order, processor) : giveQuickly(page, order, processor)
  }

  @inline(never)
  private func giveToProcessor(_ page: Ref<Page>, _ order: Order, _ processor: Int) {
    let type = pageblocks.type(ofKnown: pages.frame(of: page))
    guard type != .isolated else { return giveToZone(page, order, processor) }
    page.pointee.flags = page.pointee.flags.intersection(.zeroFilled).union(.perCPU)
    // What stands in special pageblocks is lent to movable requests only.
    let list = type.isOrdinary ? type : .movable
    guard Zone.giveToProcessor(page, order, list, of: zones[page], processor) else {
      return giveToZone(page, order, processor)
    }
  }

  /// Gives a block straight back to the free lists, as a processor does whose lists are in use.
  ///
  /// Otherwise as `freePages(_:order:)`. Linux: `free_one_page()`.
  public func freePagesToZone(_ page: Ref<Page>, order: Order) {
    if !isPlain(page, order) { prepareFree(page, order) }
    giveUp(page)
    giveToZone(page, order, processors.index)
  }

  @inline(__always)
  private func isGivenQuickly(_ order: Order) -> Bool {
    quickOrders &>> UInt16(order.rawValue) & 1 != 0
  }

  /// Whether blocks of `order` pass through the per-CPU lists. Linux: `pcp_allowed_order()`.
  @inline(__always)
  func isOnPerCPULists(_ order: Order) -> Bool {
    perCPUOrders &>> UInt16(order.rawValue) & 1 != 0
  }

  /// Straight to the free lists, where nothing is out of the ordinary.
  @inline(never)
  private func giveQuickly(_ page: Ref<Page>, _ order: Order, _ processor: Int) {
    let frame = pages.frame(of: page)
    let neighbours = Neighbours(of: frame, order, in: pages)
    // They decide where the block goes, and arrive while the lock is taken.
    neighbours.prefetch()
    guard isGivenQuickly(order),
      Zone.giveQuickly(
        page, order, neighbours, pageblocks.entry(of: frame), to: zones[page], on: processor)
    else { return giveToZone(page, order, processor) }
  }

  @inline(never)
  private func giveToZone(_ page: Ref<Page>, _ order: Order, _ processor: Int) {
    zones[page].pointee.withFreeLists(on: processor) { buddy in
      buddy.statistics.pagesFreedDirectly &+= order.pageCount.rawValue
      buddy.free(page, order)
    }
  }

  /// Whether nothing keeps the block from being free.
  @inline(__always)
  private func isPlain(_ page: Ref<Page>, _ order: Order) -> Bool {
    pages.contains(page) && page.pointee.isAllocated(order) && page.pointee.mapCount == 0
      && page.pointee.flags.isDisjoint(with: .seldomWhenFreed) && !touchesFrames
  }

  /// Takes the block from its owner.
  @inline(__always)
  private func giveUp(_ page: Ref<Page>) {
    page.pointee.mapping = 0
    page.pointee.references = 0
  }

  private func check(_ page: Ref<Page>, _ order: Order) {
    guard pages.contains(page) else { BadFree.trapForeign() }
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
