internal import MemoryTypes
internal import PhysicalMemory

extension QueuedDesign {
  /// Unlike Linux's slabinfo, which takes what stands in arrays for active.
  var counts: SlabCounts {
    let plan = state.pointee.plan
    var counts = SlabCounts()
    var free = 0
    for processor in 0..<core.pointee.processorCount {
      let array = self.array(processor)
      free += array.pointee.withOthers(source) { array.value().pointee.count }
    }
    for index in 0..<nodeCount {
      for other in 0..<nodeCount {
        free += aliens(of: index, for: other).pointee.withLock { $0.count }
      }
      let (slabs, freeHere) = node(index).pointee.withLock {
        ($0.slabCount, $0.freeObjects + $0.shared.count)
      }
      counts.slabs += UInt(slabs)
      free += freeHere
    }
    let frames = state.pointee.pool.withLock { $0.frames.count }
    counts.totalObjects = counts.slabs * UInt(plan.count)
    counts.activeObjects = counts.totalObjects - UInt(free)
    counts.pages = PageCount(counts.slabs * plan.order.pageCount.rawValue + UInt(frames))
    return counts
  }

  func forEachObject(_ body: (UInt) -> Void) {
    forEachSlab { slab in
      let plan = state.pointee.plan
      for number in 0..<plan.count {
        let object = firstObject(of: slab) &+ UInt(number) &* plan.slotSize
        if !isFree(object, number, in: slab) { body(object) }
      }
    }
  }

  /// Whether `object`, which starts at a slot, is free.
  func isFree(_ object: UInt) -> Bool {
    guard let slab = slab(of: object), let number = number(of: object, in: slab) else {
      return false
    }
    return isFree(object, number, in: slab)
  }

  private func isFree(_ object: UInt, _ number: Int, in slab: Ref<Page>) -> Bool {
    var place = slab.activeObjects
    while place < state.pointee.plan.count {
      if index(slab, place) == number { return true }
      place += 1
    }
    return isQueued(object)
  }

  private func isQueued(_ object: UInt) -> Bool {
    for processor in 0..<core.pointee.processorCount {
      let array = self.array(processor)
      if array.pointee.withOthers(source, { array.value().pointee.contains(object) }) {
        return true
      }
    }
    for index in 0..<nodeCount {
      if node(index).pointee.withLock({ $0.shared.contains(object) }) { return true }
      for other in 0..<nodeCount
      where aliens(of: index, for: other).pointee.withLock({ $0.contains(object) }) {
        return true
      }
    }
    return false
  }

  /// In the order of their addresses.
  private func forEachSlab(_ body: (Ref<Page>) -> Void) {
    let pages = core.pointee.pages.pointee.pages
    var frame = pages.start
    while frame < pages.end {
      let page = pages[frame]
      if page.pointee.flags.contains(.slab) && page.slabCache == core.address { body(page) }
      frame = frame + PageCount(1)
    }
  }
}
