public import Machine
public import MemoryTypes

extension PageAllocator {
  /// Ends the time of memblock: builds nodes, zones and descriptors and hands every free frame over.
  ///
  /// The allocator and its tables stand in one block that memblock gives, at the top of RAM for an
  /// untouched one. Free ranges go over lowest first, in the largest aligned blocks, to the tails
  /// of the free lists; so the first frame allocated is the lowest of the largest order.
  /// Memory outside `directMap` is not used.
  ///
  /// - Parameters:
  ///   - options: What the kernel was configured with; pages of `directMap` and one zone otherwise.
  ///   - untouched: Given when RAM was never written and holds zeros: a clear bit for each frame of
  ///     `directMap`, outside it, which lives as long as the allocator. Then neither the
  ///     descriptors of frames inside blocks nor unused frames are written, and a lazily committed
  ///     host need not have memory for them.
  ///   - home: Where the tables stand if not in RAM.
  ///
  /// Throws when memblock has no room for the tables; memblock is unchanged then, but for what it
  /// gave for a window already.
  /// O(frames), O(blocks + reserved frames) with `untouched`.
  /// Linux: `memblock_free_all()`, mm/memblock.c; `free_area_init()`, mm/mm_init.c.
  public static func boot(
    memblock: inout Memblock, directMap: DirectMap, options: PageAllocatorOptions? = nil,
    untouched: Bitmap? = nil, home: BootHome? = nil
  ) throws(AllocationError) -> Ref<PageAllocator> {
    let options = options ?? PageAllocatorOptions(pageSize: directMap.pageSize)
    let plan = BootPlan(memblock, directMap, options)
    let isZeroed = untouched != nil || home != nil
    let start =
      if let home { unsafe home.start } else {
        // SAFETY: memblock gives the block to this allocator alone, and the window shows all of it.
        unsafe directMap.pointer(
          to: try reserve(BootLayout(plan).size, &memblock, directMap, plan))
      }
    let described = try reserveFrames(behind: home, &memblock, directMap, plan)
    let parts = unsafe BootParts(plan, in: start, isZeroed: isZeroed)
    let written = WrittenFrames(untouched, from: directMap.frames.start)
    let groups = plan.groupsByMobility(memblock)
    unsafe build(parts, plan, memblock, groups, written)
    unsafe parts.allocator.initialize(
      to: PageAllocator(
        directMap: directMap, parts: parts, options: options, groupsByMobility: groups,
        descriptorPages: described, tracksZeros: untouched != nil))
    let allocator = unsafe Ref(parts.allocator)
    allocator.pointee.takeOver(memblock)
    allocator.pointee.setUp()
    return allocator
  }

  /// The bytes that `boot` needs as `home`.
  public static func homeSize(
    memblock: borrowing Memblock, directMap: DirectMap, options: PageAllocatorOptions
  ) -> ByteCount {
    ByteCount(UInt(BootLayout(BootPlan(memblock, directMap, options)).size))
  }

  /// Takes frames for what stands behind a window; how many the descriptors fill in any case.
  private static func reserveFrames(
    behind home: BootHome?, _ memblock: inout Memblock, _ directMap: DirectMap, _ plan: BootPlan
  ) throws(AllocationError) -> PageCount {
    let layout = BootLayout(plan)
    guard let order = home?.sectionOrder else {
      return directMap.pageSize.pages(in: ByteCount(UInt(layout.size - layout.pages)))
    }
    _ = try reserve(layout.pages, &memblock, directMap, plan)
    return try memblock.reserveDescriptors(for: plan.frames, order, directMap.pageSize)
  }

  private static func reserve(
    _ bytes: Int, _ memblock: inout Memblock, _ directMap: DirectMap, _ plan: BootPlan
  ) throws(AllocationError) -> PhysicalAddress {
    let pageSize = directMap.pageSize
    let mask = UInt64(pageSize.offsetMask)
    let size = (UInt64(bytes) + mask) & ~mask
    let window = PhysicalRange(
      pageSize.address(of: plan.frames.start), pageSize.address(of: plan.frames.end))
    return try memblock.allocate(
      size, alignment: mask + 1, in: window.intersection(Memblock.anywhere))
  }

  /// Fills the tables of nodes and zones.
  @unsafe
  private static func build(
    _ parts: BootParts, _ plan: BootPlan, _ memblock: borrowing Memblock, _ groups: Bool,
    _ written: WrittenFrames
  ) {
    for node in 0..<plan.nodeCount {
      let span = NodeSpan(
        Int32(node), memblock, plan.options.layout, movable: plan.movable)
      unsafe parts.node(node).initialize(
        to: Node(id: UInt8(node), range: span.range, presentPages: span.present))
      var index = 0
      for kind in Zone.Kind.allCases where plan.options.layout.kinds.contains(kind) {
        unsafe parts.buildZone(
          clip(span[kind], plan.frames), node: node, index: index, plan, groups, written)
        index += 1
      }
    }
  }

  /// Frames without a descriptor are in no zone.
  private static func clip(_ span: ZoneSpan, _ frames: FrameRange) -> ZoneSpan {
    let start = max(span.range.start, frames.start)
    let end = max(start, min(span.range.end, frames.end))
    guard start < end else { return .empty(span.kind) }
    return ZoneSpan(
      span.kind, FrameRange(start, end), present: min(span.present, end - start))
  }
}
