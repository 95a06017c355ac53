internal import Machine
public import MemoryTypes

extension PageAllocator {
  /// Appends up to `count` single frames to `list`; says how many it could have quickly.
  ///
  /// It stays above the low mark, and asks for relief only to have one at all. Linux: `alloc_pages_bulk_noprof()`.
  public func allocateBulk(
    _ count: Int, flags: AllocationFlags, to list: inout PageList
  ) -> Int {
    let request = request(.zero, flags, .local)
    let attempt = request.firstAttempt
    var taken = 0
    while taken < count, let page = take(request, attempt) {
      list.pushBack(prepare(page, .zero, flags))
      taken += 1
    }
    guard taken == 0, count > 0, let page = try? allocatePage(flags: flags) else { return taken }
    list.pushBack(page)
    return 1
  }

  /// Frees every page of `list` as a block of order 0 and leaves the list empty.
  ///
  /// Linux: `free_unref_folios()`, `release_pages()`.
  public func freeBulk(_ list: inout PageList) {
    while let page = list.popFront() { freePage(page) }
  }

  /// Allocates just the frames that `bytes` need, side by side: a block of the next power of two
  /// whose rest goes back at once. The first frame.
  ///
  /// The frames are blocks of order 0 then; give them back with `freeExact(_:_:)`.
  /// Linux: `alloc_pages_exact()`.
  public func allocateExact(
    _ bytes: ByteCount, flags: AllocationFlags
  ) throws(AllocationError) -> Ref<Page> {
    let count = max(directMap.pageSize.pages(in: bytes), PageCount(1))
    let order = Order.holding(count)
    let block = try allocatePages(order: order, flags: flags.subtracting(.compound))
    split(block, order)
    let first = pages.frame(of: block)
    var rest = first + count
    while rest < first + order.pageCount {
      freePage(pages[rest])
      rest = rest + PageCount(1)
    }
    return block
  }

  /// Frees what `allocateExact(_:flags:)` gave for as many bytes. Linux: `free_pages_exact()`.
  public func freeExact(_ page: Ref<Page>, _ bytes: ByteCount) {
    let first = pages.frame(of: page)
    let end = first + max(directMap.pageSize.pages(in: bytes), PageCount(1))
    var frame = first
    while frame < end {
      freePage(pages[frame])
      frame = frame + PageCount(1)
    }
  }

  /// Makes an allocated block that is not compound as many blocks of order 0, each with one
  /// reference. O(frames). Linux: `split_page()`.
  public func split(_ block: Ref<Page>, _ order: Order) {
    precondition(block.pointee.isAllocated(order), "splits a block that is not of that order")
    precondition(!block.pointee.flags.contains(.head), "splits a compound block")
    let zone = zones[block]
    let first = pages.frame(of: block)
    zone.pointee.withFreeLists(on: processors.index) { _ in
      var frame = first
      while frame < first + order.pageCount {
        pages[frame].pointee.become(.allocated, .zero, in: zone)
        frame = frame + PageCount(1)
      }
    }
    var frame = first
    while frame < first + order.pageCount {
      pages[frame].pointee.references = 1
      frame = frame + PageCount(1)
    }
  }
}
