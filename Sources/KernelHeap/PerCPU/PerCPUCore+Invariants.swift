internal import MemoryTypes
internal import PhysicalMemory

/// See the theory in PerCPUAllocator.swift.
extension Ref where Object == PerCPUCore {
  func checkInvariants() {
    pointee.slots.withLock { slots in
      var areas: UInt = 0
      var empty = 0
      slots.all.forEachElement { chunk in
        areas += check(chunk)
        if chunk.pointee.kind != .reserved {
          let slot = chunk.pointee.slot
          let isPlaced = slot == 0 || slot == pointee.slot(of: chunk)
          precondition(isPlaced, "a chunk is in a wrong slot")
          if !chunk.pointee.isIsolated { empty += chunk.pointee.emptyPopulatedCount }
        }
      }
      precondition(areas == slots.statistics.current, "areas are miscounted")
      precondition(empty == slots.emptyPopulatedCount, "empty pages are miscounted")
      checkLists(slots)
    }
  }

  private func checkLists(_ slots: PerCPUSlots) {
    var listed = slots.reserved == nil ? 0 : 1
    for slot in slots.lists.indices {
      slots.lists[slot].forEachElement { chunk in
        precondition(chunk.pointee.slot == slot, "a chunk does not know its slot")
      }
      listed += slots.lists[slot].count
    }
    precondition(listed == slots.all.count, "a chunk is in no slot")
    precondition(
      UInt(listed) == slots.statistics.chunks, "chunks are miscounted")
  }

  /// How many areas the chunk has.
  private func check(_ chunk: Ref<PerCPUChunk>) -> UInt {
    let used = chunk.pointee.used
    let free = used.count - used.setCount
    precondition(free == chunk.pointee.freeBits, "free bits are miscounted")
    var empty = 0
    for page in 0..<chunk.pointee.pageCount {
      let hint = chunk.pointee.hint(ofPage: page)
      check(hint, against: chunk.scan(page))
      if hint.longest == chunk.pointee.bitsPerPage && chunk.pointee.populated.contains(page) {
        empty += 1
      }
    }
    precondition(empty == chunk.pointee.emptyPopulatedCount, "a chunk miscounts empty pages")
    precondition(
      chunk.pointee.populated.setCount == chunk.pointee.populatedCount, "frames are miscounted")
    checkWhole(chunk)
    return checkAreas(chunk)
  }

  private func check(_ hint: PerCPUHint, against truth: PerCPUHint) {
    precondition(hint.longest == truth.longest, "a hint has a wrong longest run")
    precondition(hint.firstFree == truth.firstFree, "a hint has a wrong first free bit")
    precondition(hint.leftFree == truth.leftFree, "a hint is wrong on the left")
    precondition(hint.rightFree == truth.rightFree, "a hint is wrong on the right")
  }

  /// The chunk's own hint, against every run of free bits.
  private func checkWhole(_ chunk: Ref<PerCPUChunk>) {
    var truth = PerCPUHint.full(chunk.pointee.capacity)
    var bit = 0
    while let start = chunk.pointee.used.firstClear(from: bit) {
      let end = chunk.pointee.used.firstSet(from: start) ?? chunk.pointee.capacity
      truth.add(start..<end, of: chunk.pointee.capacity)
      bit = end
    }
    check(chunk.pointee.hint, against: truth)
    let start = chunk.pointee.hint.longestStart
    let run = start..<start + chunk.pointee.hint.longest
    precondition(chunk.pointee.used.setCount(in: run) == 0, "the longest run is not free")
  }

  private func checkAreas(_ chunk: Ref<PerCPUChunk>) -> UInt {
    var count: UInt = 0
    var bit = chunk.pointee.area.lowerBound
    while let start = chunk.pointee.used.firstSet(from: bit),
      start < chunk.pointee.area.upperBound
    {
      guard let area = chunk.area(at: start) else { fatalError("an area has no start") }
      precondition(
        chunk.pointee.used.setCount(in: area) == area.count, "a part of an area is free")
      precondition(chunk.firstUnpopulated(area) == nil, "an area has no frames")
      count += 1
      bit = area.upperBound
    }
    precondition(count == chunk.pointee.allocationCount, "a chunk miscounts its areas")
    return count
  }
}
