internal import MemoryTypes
internal import PhysicalMemory

/// How many empty pages with frames are kept. Linux: `PCPU_EMPTY_POP_PAGES_LOW`, `_HIGH`.
enum PerCPUBalance {
  static var low: Int { 2 }
  static var high: Int { 4 }
}

extension Ref where Object == PerCPUCore {
  /// Linux: `pcpu_balance_workfn()`.
  func balance() {
    pointee.growth.withLock { _ in
      pointee.slots.withLock { $0.wantsBalance = false }
      endFreeChunks(emptyOnly: false)
      takeEmptyPages()
      keepEmptyPages()
      endFreeChunks(emptyOnly: true)
    }
  }

  /// What a free may be the occasion for. Under the slots' lock.
  func noteFreed(in chunk: Ref<PerCPUChunk>, _ slots: inout PerCPUSlots) {
    guard chunk.pointee.isDynamic else { return }
    if chunk.pointee.isUnused && !chunk.pointee.isIsolated {
      if slots.lists[pointee.freeSlot].count > 1 { slots.wantsBalance = true }
    } else if shouldReclaim(chunk, slots) {
      isolate(chunk, &slots)
      slots.wantsBalance = true
    }
  }

  /// Linux: `pcpu_should_reclaim_chunk()`.
  private func shouldReclaim(_ chunk: Ref<PerCPUChunk>, _ slots: PerCPUSlots) -> Bool {
    guard pointee.space != nil else { return false }
    let empty = chunk.pointee.emptyPopulatedCount
    if chunk.pointee.isIsolated { return empty > 0 }
    return slots.emptyPopulatedCount > PerCPUBalance.high + empty
      && empty >= chunk.pointee.pageCount / 4
  }

  /// Linux: `pcpu_isolate_chunk()`.
  private func isolate(_ chunk: Ref<PerCPUChunk>, _ slots: inout PerCPUSlots) {
    if !chunk.pointee.isIsolated {
      chunk.pointee.isIsolated = true
      slots.emptyPopulatedCount -= chunk.pointee.emptyPopulatedCount
    }
    slots.relocate(chunk, to: pointee.depopulatedSlot)
  }

  /// Linux: `pcpu_reintegrate_chunk()`.
  func reintegrate(_ chunk: Ref<PerCPUChunk>, _ slots: inout PerCPUSlots) {
    guard chunk.pointee.isIsolated else { return }
    chunk.pointee.isIsolated = false
    slots.emptyPopulatedCount += chunk.pointee.emptyPopulatedCount
    slots.relocate(chunk, to: pointee.slot(of: chunk))
  }

  /// Ends every free chunk but the first one; with `emptyOnly` those only that have no frames.
  ///
  /// Linux: `pcpu_balance_free()`.
  private func endFreeChunks(emptyOnly: Bool) {
    var dead = IntrusiveList<PerCPUChunkLinking>()
    pointee.slots.withLock { slots in
      let list = slots.lists[pointee.freeSlot]
      var next = list.first.flatMap { list.next(after: $0) }
      while let chunk = next {
        next = list.next(after: chunk)
        guard chunk.pointee.isDynamic,
          !emptyOnly || chunk.pointee.emptyPopulatedCount == 0
        else { continue }
        withdraw(chunk, &slots)
        dead.pushBack(chunk)
      }
    }
    while let chunk = dead.popFront() { end(chunk) }
  }

  /// Takes a chunk without areas out of everything. Under the slots' lock.
  func withdraw(_ chunk: Ref<PerCPUChunk>, _ slots: inout PerCPUSlots) {
    if chunk.pointee.kind != .reserved { slots.lists[chunk.pointee.slot].remove(chunk) }
    slots.all.remove(chunk)
    slots.populatedCount -= chunk.pointee.populatedCount
    if chunk.pointee.kind != .reserved && !chunk.pointee.isIsolated {
      slots.emptyPopulatedCount -= chunk.pointee.emptyPopulatedCount
    }
    slots.statistics.chunks -= 1
  }

  /// Linux: `pcpu_reclaim_populated()`.
  private func takeEmptyPages() {
    while let chunk = firstToDepopulate() {
      var isEnough = false
      var page = chunk.pointee.pageCount
      while page > 0, !isEnough {
        page -= 1
        isEnough = !depopulate(chunk, page)
      }
      pointee.slots.withLock { slots in
        guard chunk.pointee.isIsolated else { return }
        if isEnough || chunk.pointee.isUnused {
          reintegrate(chunk, &slots)
        } else {
          slots.relocate(chunk, to: pointee.sidelinedSlot)
        }
      }
    }
  }

  private func firstToDepopulate() -> Ref<PerCPUChunk>? {
    pointee.slots.withLock { $0.lists[pointee.depopulatedSlot].first }
  }

  /// Takes the frames of a page if it is empty; false when the others should be kept.
  private func depopulate(_ chunk: Ref<PerCPUChunk>, _ page: Int) -> Bool {
    var isTaken = false
    let goesOn = pointee.slots.withLock { slots -> Bool in
      guard chunk.pointee.isIsolated, chunk.pointee.emptyPopulatedCount > 0 else { return true }
      guard slots.emptyPopulatedCount >= PerCPUBalance.high else { return false }
      guard chunk.pointee.populated.contains(page),
        chunk.pointee.hint(ofPage: page).longest == chunk.pointee.bitsPerPage
      else { return true }
      // Out of the map first: whoever cannot wait may take the page from here on no more.
      slots.change(chunk) { markUnpopulated($0, page) }
      slots.populatedCount -= 1
      isTaken = true
      return true
    }
    if isTaken { takeFrames(of: chunk, page) }
    return goesOn
  }

  private func markUnpopulated(_ chunk: Ref<PerCPUChunk>, _ page: Int) {
    chunk.pointee.populated.clear(page)
    chunk.pointee.populatedCount -= 1
    chunk.pointee.emptyPopulatedCount -= 1
  }

  /// Linux: `pcpu_balance_populated()`.
  private func keepEmptyPages() {
    var wanted = PerCPUBalance.high - pointee.slots.withLock { $0.emptyPopulatedCount }
    while wanted > 0 {
      if let (chunk, page) = firstUnpopulatedFreePage() {
        guard populate(chunk, page..<page + 1) else { return }
        wanted -= 1
      } else {
        guard let chunk = makeChunk(.kernel) else { return }
        let isPopulated = chunk.pointee.populatedCount > 0
        publish(chunk)
        if isPopulated { return }
      }
    }
  }

  private func firstUnpopulatedFreePage() -> (Ref<PerCPUChunk>, Int)? {
    pointee.slots.withLock { slots -> (Ref<PerCPUChunk>, Int)? in
      let least = pointee.slot(ofSize: Int(pointee.layout.pageSize.bytes.rawValue))
      for slot in least...pointee.freeSlot where slot != pointee.sidelinedSlot {
        var next = slots.lists[slot].first
        while let chunk = next {
          if let page = unpopulatedFreePage(chunk) { return (chunk, page) }
          next = slots.lists[slot].next(after: chunk)
        }
      }
      return nil
    }
  }

  private func unpopulatedFreePage(_ chunk: Ref<PerCPUChunk>) -> Int? {
    var from = 0
    while let page = chunk.pointee.populated.firstClear(from: from) {
      if chunk.pointee.hint(ofPage: page).longest == chunk.pointee.bitsPerPage { return page }
      from = page + 1
    }
    return nil
  }
}
