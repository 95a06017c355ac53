internal import Machine
internal import MemoryTypes
internal import PhysicalMemory

/// Chunks and their frames. Under the growth lock.
extension Ref where Object == PerCPUCore {
  /// A chunk that nobody knows yet; nil when there is no memory or no address for it.
  ///
  /// Linux: `pcpu_create_chunk()`.
  func makeChunk(_ flags: AllocationFlags) -> Ref<PerCPUChunk>? {
    let layout = pointee.layout
    var plan = PerCPUChunkPlan(
      kind: .dynamic, base: 0, pageCount: layout.pagesPerUnit,
      area: 0..<Int(layout.unitSize.rawValue), isPopulated: false, block: nil)
    if let space = pointee.space {
      guard let base = space.reserve(layout.chunkSize.rawValue) else { return nil }
      plan.base = base
    } else {
      guard let block = try? unitsBlock(layout) else { return nil }
      plan.block = block
      plan.base = unsafe UInt(bitPattern: pointee.pages.pointee.pointer(to: block))
      plan.isPopulated = true
    }
    if let chunk = try? PerCPUChunk.make(plan, pointee.pages, .kernel.withoutRelief) {
      return chunk
    }
    release(plan.base, plan.block)
    return nil
  }

  /// One block for the units of all processors.
  private func unitsBlock(_ layout: PerCPULayout) throws(AllocationError) -> Ref<Page> {
    let order = Order.holding(layout.pageSize.pages(in: layout.chunkSize))
    return try pointee.pages.pointee.allocatePages(order: order, flags: .kernel.withoutRelief)
  }

  private func release(_ base: UInt, _ block: Ref<Page>?) {
    if let block {
      pointee.pages.pointee.freePages(block, order: block.pointee.order)
    } else {
      pointee.space?.release(base, pointee.layout.chunkSize.rawValue)
    }
  }

  /// Lets everybody find a new chunk.
  func publish(_ chunk: Ref<PerCPUChunk>) {
    pointee.slots.withLock { slots in
      slots.add(chunk, in: pointee.slot(of: chunk))
      slots.statistics.noteChunk()
    }
  }

  /// Gives back what a chunk has that nobody knows any more. Linux: `pcpu_destroy_chunk()`.
  func end(_ chunk: Ref<PerCPUChunk>) {
    if chunk.pointee.block == nil {
      for page in 0..<chunk.pointee.pageCount where chunk.pointee.populated.contains(page) {
        takeFrames(of: chunk, page)
      }
    }
    release(chunk.pointee.base, chunk.pointee.block)
    PerCPUChunk.end(chunk, pointee.pages)
  }

  /// Gives frames to those of `pages` that have none; false, with those that got some before the
  /// memory ended, when it ends. Linux: `pcpu_populate_chunk()`.
  func populate(_ chunk: Ref<PerCPUChunk>, _ pages: Range<Int>) -> Bool {
    for page in pages {
      let hasFrames = pointee.slots.withLock { _ in chunk.pointee.populated.contains(page) }
      if hasFrames { continue }
      guard giveFrames(to: chunk, page) else { return false }
      pointee.slots.withLock { slots in
        slots.populatedCount += 1
        slots.change(chunk) { chunk in
          chunk.pointee.populated.set(page)
          chunk.pointee.populatedCount += 1
          let isEmpty = chunk.pointee.hint(ofPage: page).longest == chunk.pointee.bitsPerPage
          if isEmpty { chunk.pointee.emptyPopulatedCount += 1 }
        }
      }
    }
    return true
  }

  /// A frame for the page in each unit; none when one is missing.
  private func giveFrames(to chunk: Ref<PerCPUChunk>, _ page: Int) -> Bool {
    guard let space = pointee.space else { return false }
    let pages = pointee.pages
    for processor in 0..<pointee.layout.processors {
      let address = self.address(of: page, in: chunk, processor)
      let flags: AllocationFlags = [.kernel.withoutRelief, .highMemory]
      if let frame = try? pages.pointee.allocatePage(flags: flags) {
        if space.map(address, to: pages.pointee.frame(of: frame).rawValue) { continue }
        pages.pointee.freePage(frame)
      }
      takeFrames(of: chunk, page, processors: processor)
      return false
    }
    return true
  }

  /// Linux: `pcpu_depopulate_chunk()`.
  func takeFrames(of chunk: Ref<PerCPUChunk>, _ page: Int) {
    takeFrames(of: chunk, page, processors: pointee.layout.processors)
  }

  private func takeFrames(of chunk: Ref<PerCPUChunk>, _ page: Int, processors: Int) {
    guard let space = pointee.space else { return }
    for processor in 0..<processors {
      let frame = PageFrameNumber(space.unmap(address(of: page, in: chunk, processor)))
      pointee.pages.pointee.freePage(pointee.pages.pointee.page(of: frame))
    }
  }

  private func address(of page: Int, in chunk: Ref<PerCPUChunk>, _ processor: Int) -> UInt {
    chunk.pointee.base &+ pointee.layout.unitOffset(of: processor)
      &+ UInt(page) &<< UInt(pointee.layout.pageSize.shift)
  }
}

extension AllocationFlags {
  /// The same, but not waiting: for whoever holds a lock.
  fileprivate var withoutRelief: AllocationFlags { subtracting(.directReclaim).union(.noWarning) }
}
