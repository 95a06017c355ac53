internal import Machine
internal import MemoryTypes
internal import PhysicalMemory

extension PerCPUCore {
  /// Linux: `pcpu_setup_first_chunk()`.
  static func make(
    _ layout: PerCPULayout, _ pages: Ref<PageAllocator>, _ space: PerCPUSpace?
  ) throws(AllocationError) -> Ref<PerCPUCore> {
    let home = try homeBlock(pages)
    let core = unsafe pages.pointee.pointer(to: home)
      .bindMemory(to: PerCPUCore.self, capacity: 1)
    do {
      let units = try firstUnits(layout, pages)
      // SAFETY: the block holds a core and is its own for its life.
      unsafe core.initialize(to: PerCPUCore(layout, pages, space, units))
    } catch {
      pages.pointee.freePages(home, order: home.pointee.order)
      throw error
    }
    let made = unsafe Ref<PerCPUCore>(core)
    guard made.makeFirstChunks() else {
      made.release()
      throw .outOfMemory
    }
    return made
  }

  private static func homeBlock(
    _ pages: Ref<PageAllocator>
  ) throws(AllocationError) -> Ref<Page> {
    let size = ByteCount(UInt(MemoryLayout<PerCPUCore>.size))
    let order = Order.holding(pages.pointee.directMap.pageSize.pages(in: size))
    return try pages.pointee.allocatePages(order: order, flags: .kernel)
  }

  /// The units side by side, cleared. Each gives back what is behind its used pages.
  ///
  /// Linux: `pcpu_embed_first_chunk()`.
  private static func firstUnits(
    _ layout: PerCPULayout, _ pages: Ref<PageAllocator>
  ) throws(AllocationError) -> Ref<Page> {
    let order = Order.holding(layout.pageSize.pages(in: layout.chunkSize))
    let block = try pages.pointee.allocatePages(order: order, flags: [.kernel, .zeroed])
    pages.pointee.split(block, order)
    let first = pages.pointee.frame(of: block)
    for index in 0..<order.pageCount.rawValue where !isUsed(index, layout) {
      pages.pointee.freePage(pages.pointee.page(of: first + PageCount(index)))
    }
    return block
  }

  /// Whether a page of the first units' block is one of theirs.
  static func isUsed(_ index: UInt, _ layout: PerCPULayout) -> Bool {
    let perUnit = UInt(layout.pagesPerUnit)
    return index / perUnit < UInt(layout.processors)
      && index % perUnit < layout.pageSize.pages(in: layout.usedSize).rawValue
  }
}

extension Ref where Object == PerCPUCore {
  /// The chunks that serve the reserved and the dynamic area of the first units.
  fileprivate func makeFirstChunks() -> Bool {
    let layout = pointee.layout
    let dynamic = layout.dynamicStart
    if layout.reservedSize.rawValue > 0 {
      guard let reserved = makeFirst(.reserved, layout.reservedStart..<dynamic) else {
        return false
      }
      pointee.slots.withLock { slots in
        slots.reserved = reserved
        slots.all.pushBack(reserved)
        slots.statistics.noteChunk()
      }
    }
    guard let first = makeFirst(.first, dynamic..<Int(layout.usedSize.rawValue)) else {
      return false
    }
    publish(first)
    // Counted once for all areas of the units, the static one with them.
    pointee.slots.withLock { slots in
      slots.populatedCount = Int(layout.pageSize.pages(in: layout.usedSize).rawValue)
    }
    return true
  }

  private func makeFirst(_ kind: PerCPUChunkKind, _ area: Range<Int>) -> Ref<PerCPUChunk>? {
    let page = Int(pointee.layout.pageSize.bytes.rawValue)
    let first = area.lowerBound / page
    let last = (area.upperBound + page - 1) / page
    let plan = PerCPUChunkPlan(
      kind: kind, base: pointee.base &+ UInt(first * page), pageCount: last - first,
      area: area.lowerBound - first * page..<area.upperBound - first * page, isPopulated: true,
      block: nil)
    return try? PerCPUChunk.make(plan, pointee.pages, .kernel)
  }

  func destroy() throws(SlabCacheError) {
    let living = pointee.slots.withLock { $0.statistics.current }
    guard living == 0 else { throw .objectsRemain(living) }
    release()
  }

  /// Gives back every chunk, the first units, and the core.
  fileprivate func release() {
    while let chunk = pointee.slots.withLock({ $0.all.last }) {
      pointee.slots.withLock { withdraw(chunk, &$0) }
      if chunk.pointee.isDynamic { end(chunk) } else { PerCPUChunk.end(chunk, pointee.pages) }
    }
    let pages = pointee.pages
    let layout = pointee.layout
    let start = pages.pointee.frame(of: pointee.firstBlock)
    for index in 0..<UInt(layout.pagesPerUnit * layout.processors)
    where PerCPUCore.isUsed(index, layout) {
      pages.pointee.freePage(pages.pointee.page(of: start + PageCount(index)))
    }
    guard let home = unsafe pages.pointee.headPage(of: UnsafeRawPointer(pointer)) else { return }
    // Nothing in the core has an end.
    pages.pointee.freePages(home, order: home.pointee.order)
  }
}
