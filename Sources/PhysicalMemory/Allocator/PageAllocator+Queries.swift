internal import Machine
public import MemoryTypes

extension PageAllocator {
  /// The descriptor of `frame`, which must lie in the zone. Linux: `pfn_to_page()`.
  @inline(__always)
  public func page(of frame: PageFrameNumber) -> Ref<Page> { pages[frame] }

  /// The frame that `page` describes. Linux: `page_to_pfn()`.
  @inline(__always)
  public func frame(of page: Ref<Page>) -> PageFrameNumber { pages.frame(of: page) }

  /// Where the kernel sees the bytes of `page`. Linux: `page_address()`.
  @inline(__always)
  public func pointer(to page: Ref<Page>) -> UnsafeMutableRawPointer {
    unsafe directMap.pointer(to: pages.frame(of: page))
  }

  /// The head page of the block that holds the byte at `pointer`, an address of the direct map.
  ///
  /// Nil for an address outside of it. Linux: `virt_to_head_page()`.
  @inline(__always)
  public func headPage(of pointer: UnsafeRawPointer) -> Ref<Page>? {
    let start = unsafe UInt(bitPattern: directMap.pointer(to: directMap.start))
    let distance = UInt(bitPattern: pointer) &- start
    guard distance < directMap.count.rawValue else { return nil }
    let frame = unsafe directMap.frame(of: pointer)
    return pages.contains(frame) ? pages.head(of: pages[frame]) : nil
  }

  /// The node that processor `n` is near to. Linux: `cpu_to_node()`.
  @inline(__always)
  public func node(ofProcessor n: Int) -> Int { processorNodes[n] }

  /// The frames that nobody owns, those on per-CPU lists included. Linux: `nr_free_pages()` and
  /// what `/proc/zoneinfo` has under pagesets.
  public var freePageCount: PageCount {
    var sum = PageCount.zero
    for zone in zones { sum += zone.pointee.freePages + zone.pointee.perCPUPages }
    return sum
  }

  /// The frames that boot handed over. Linux: `totalram_pages()`.
  public var managedPageCount: PageCount {
    var sum = PageCount.zero
    for zone in zones { sum += zone.pointee.managedPages }
    return sum
  }

  /// The blocks of `order` in the free lists of all zones; 0 above the largest order.
  public func freeBlockCount(of order: Order) -> Int {
    guard order <= maximumOrder else { return 0 }
    var sum = 0
    for zone in zones { sum += zone.pointee.freeBlockCount(of: order) }
    return sum
  }

  /// The pageblocks of `type` that begin in a zone: one field of /proc/pagetypeinfo.
  ///
  /// O(pageblocks). Linux: `pagetypeinfo_showblockcount_print()`.
  public func pageblockCount(of type: MigrateType, in zone: Ref<Zone>) -> Int {
    var count = 0
    var frame = zone.pointee.range.start
    while frame < zone.pointee.range.end {
      if pageblocks[frame] == type { count += 1 }
      frame = pageblocks.block(of: frame).end
    }
    return count
  }

  /// Which allocations shall fail although there is memory. Those that must not fail never do.
  public var faultPlan: FaultPlan {
    get { faults.plan }
    nonmutating set { faults.plan = newValue }
  }
}
