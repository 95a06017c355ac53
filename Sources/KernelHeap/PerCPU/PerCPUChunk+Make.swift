internal import Machine
internal import MemoryTypes
internal import PhysicalMemory

/// What a chunk shall be.
struct PerCPUChunkPlan {
  var kind: PerCPUChunkKind
  /// Where its first page stands for the first processor.
  var base: UInt
  var pageCount: Int
  /// What of the pages is the chunk's, in bytes.
  var area: Range<Int>
  var isPopulated: Bool
  var block: Ref<Page>?
}

extension PerCPUChunk {
  /// Puts a chunk with all its bits free into frames of its own.
  ///
  /// Linux: `pcpu_alloc_chunk()`, `pcpu_alloc_first_chunk()`.
  static func make(
    _ plan: PerCPUChunkPlan, _ pages: Ref<PageAllocator>, _ flags: AllocationFlags
  ) throws(AllocationError) -> Ref<PerCPUChunk> {
    let pageSize = pages.pointee.directMap.pageSize
    let bitsPerPage = Int(pageSize.bytes.rawValue) / PerCPUUnits.bytes
    let parts = Parts(plan.pageCount, bitsPerPage)
    let order = Order.holding(pageSize.pages(in: ByteCount(UInt(parts.size))))
    let frames = try pages.pointee.allocatePages(order: order, flags: flags.union(.zeroed))
    let start = unsafe pages.pointee.pointer(to: frames)
    let bits = plan.pageCount * bitsPerPage
    let place = unsafe start.bindMemory(to: PerCPUChunk.self, capacity: 1)
    // SAFETY: the block is large enough for all parts, zeroed, and the chunk's for its life.
    unsafe place.initialize(
      to: PerCPUChunk(
        kind: plan.kind, base: plan.base,
        area: plan.area.lowerBound / PerCPUUnits.bytes..<plan.area.upperBound / PerCPUUnits.bytes,
        used: Bitmap((start + parts.used).bindMemory(to: UInt.self, capacity: 1), count: bits),
        bounds: Bitmap(
          (start + parts.bounds).bindMemory(to: UInt.self, capacity: 1), count: bits + 1),
        populated: Bitmap(
          (start + parts.populated).bindMemory(to: UInt.self, capacity: 1),
          count: plan.pageCount),
        hints: (start + parts.hints).bindMemory(to: PerCPUHint.self, capacity: plan.pageCount),
        bitsPerPage: bitsPerPage, order: order, block: plan.block, hint: .free(bits),
        freeBits: bits))
    let chunk = unsafe Ref<PerCPUChunk>(place)
    chunk.prepare(plan)
    return chunk
  }

  /// Gives the frames of the chunk's own state back; nobody knows the chunk any more.
  static func end(_ chunk: Ref<PerCPUChunk>, _ pages: Ref<PageAllocator>) {
    let order = chunk.pointee.order
    guard let frames = unsafe pages.pointee.headPage(of: UnsafeRawPointer(chunk.pointer)) else {
      return
    }
    // Nothing in a chunk has an end.
    pages.pointee.freePages(frames, order: order)
  }

  /// Where the parts of a chunk stand in its frames.
  private struct Parts {
    let used: Int
    let bounds: Int
    let populated: Int
    let hints: Int
    let size: Int

    init(_ pageCount: Int, _ bitsPerPage: Int) {
      let word = MemoryLayout<UInt>.size
      let bits = pageCount * bitsPerPage
      used = (MemoryLayout<PerCPUChunk>.size + 63) & ~63
      bounds = used + Bitmap.wordCount(for: bits) * word
      populated = bounds + Bitmap.wordCount(for: bits + 1) * word
      hints = populated + Bitmap.wordCount(for: pageCount) * word
      size = hints + pageCount * MemoryLayout<PerCPUHint>.stride
    }
  }
}

extension Ref where Object == PerCPUChunk {
  /// Writes the hints, and hides what is not the chunk's.
  fileprivate func prepare(_ plan: PerCPUChunkPlan) {
    let bitsPerPage = pointee.bitsPerPage
    for page in 0..<plan.pageCount {
      // SAFETY: the place has room for a hint of each page.
      unsafe (pointee.hints + page).initialize(to: .free(bitsPerPage))
    }
    if plan.isPopulated {
      pointee.populated.set(0..<plan.pageCount)
      pointee.populatedCount = plan.pageCount
      pointee.emptyPopulatedCount = plan.pageCount
    }
    hide(0..<pointee.area.lowerBound)
    hide(pointee.area.upperBound..<pointee.capacity)
  }

  /// Bits that are in use for ever and no area of anybody.
  private func hide(_ bits: Range<Int>) {
    guard !bits.isEmpty else { return }
    markUsed(bits)
  }
}
