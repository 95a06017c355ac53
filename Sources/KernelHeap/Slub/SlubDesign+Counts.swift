internal import Machine
internal import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

extension SlubDesign {
  /// Full slabs stand in no list, so free objects are counted and the others follow.
  var counts: SlabCounts {
    var counts = SlabCounts()
    for index in 0..<nodeCount {
      let node = node(index)
      counts.slabs &+= node.pointee.slabs.load(ordering: .relaxed)
      counts.totalObjects &+= node.pointee.objects.load(ordering: .relaxed)
      counts.pages += PageCount(node.pointee.pages.load(ordering: .relaxed))
    }
    let free = freeCount
    counts.activeObjects = counts.totalObjects > free ? counts.totalObjects - free : 0
    return counts
  }

  private var freeCount: UInt {
    var free: UInt = 0
    for index in 0..<core.pointee.processorCount {
      let processor = self.processor(index)
      free &+= processor.pointee.withOthers(source) {
        var held = freeCount(in: processor.value().pointee.partial)
        if let slab = slab(of: processor) { held &+= freeCount(in: slab) }
        return held &+ length(processor.value().pointee.first)
          &+ processor.value().pointee.spareCount
      }
    }
    for index in 0..<nodeCount {
      free &+= node(index).pointee.partial.withLock { freeCount(in: $0) }
    }
    return free
  }

  func slab(of processor: Ref<SlubProcessor>) -> Ref<Page>? {
    // SAFETY: only addresses of pages are stored there.
    guard let slab = unsafe UnsafeMutablePointer<Page>(bitPattern: processor.value().pointee.slab)
    else {
      return nil
    }
    return unsafe Ref(slab)
  }

  private func freeCount(in list: PageList) -> UInt {
    var free: UInt = 0
    var next = list.first
    while let slab = next {
      free &+= freeCount(in: slab)
      next = list.next(after: slab)
    }
    return free
  }

  private func freeCount(in slab: Ref<Page>) -> UInt {
    let counters = slab.slub.counters
    return counters.objects &- counters.inUse
  }

  func length(_ list: UInt) -> UInt {
    var count: UInt = 0
    var next = list
    while next != 0 && count < 0x8000 {
      count &+= 1
      next = core.nextFree(after: next)
    }
    return count
  }

  func forEachObject(_ body: (UInt) -> Void) {
    forEachSlab { slab in
      let geometry = core.pointee.geometry
      let start = unsafe UInt(bitPattern: core.pointee.pages.pointee.pointer(to: slab))
      for index in 0..<slab.slub.counters.objects {
        let object = start &+ geometry.leftZone &+ index &* geometry.slotSize.rawValue
        if !isFree(object, in: slab) { body(object) }
      }
    }
  }

  /// Whether an object is in the list of its slab or of the processor that has the slab.
  ///
  /// O(slots).
  func isFree(_ object: UInt, in slab: Ref<Page>) -> Bool {
    if contains(slab.slub.first, object, in: slab) { return true }
    for index in 0..<core.pointee.processorCount {
      var isSpare = false
      processor(index).forEachSpare { if $0 == object { isSpare = true } }
      if isSpare { return true }
    }
    for index in 0..<core.pointee.processorCount
    where processor(index).value().pointee.slab == slab.address {
      return contains(processor(index).value().pointee.first, object, in: slab)
    }
    return false
  }

  private func contains(_ list: UInt, _ object: UInt, in slab: Ref<Page>) -> Bool {
    var left = slab.slub.counters.objects
    var next = list
    while next != 0, left > 0, isObject(next, of: slab) {
      if next == object { return true }
      next = core.nextFree(after: next)
      left &-= 1
    }
    return false
  }

  /// Full slabs stand in no list, so all pages are looked at.
  func forEachSlab(_ body: (Ref<Page>) -> Void) {
    let pages = core.pointee.pages.pointee.pages
    var frame = pages.start
    while frame < pages.end {
      let page = pages[frame]
      if page.pointee.flags.contains(.slab) && page.slabCache == core.address { body(page) }
      frame = frame + PageCount(1)
    }
  }
}
