internal import MemoryTypes
internal import PhysicalMemory

extension Ref where Object == SlabCore {
  /// See `SlabCache.checkInvariants()`. Full slabs are in no list, so all pages are looked at.
  func checkInvariants() {
    pointee.node.withLock { node in
      node.partial.checkInvariants()
      var next = node.partial.first
      while let slab = next {
        precondition(isMySlab(slab), "the partial list holds what is no slab of the cache")
        precondition(slab.firstFreeSlot != 0, "a full slab stands in the partial list")
        next = node.partial.next(after: slab)
      }
      checkSums(node)
    }
  }

  private func checkSums(_ node: SlabNode) {
    var slabs: UInt = 0
    var objects: UInt = 0
    var active: UInt = 0
    var withFreeSlots = 0
    let pages = pointee.pages.pointee.pages
    var frame = pages.start
    while frame < pages.end {
      let page = pages[frame]
      frame = frame + PageCount(1)
      guard isMySlab(page) else { continue }
      checkFreeList(page)
      slabs += 1
      objects += page.slotCount
      active += page.slotsInUse
      if page.firstFreeSlot != 0 { withFreeSlots += 1 }
    }
    precondition(slabs == node.slabCount, "slabs were lost")
    precondition(objects == node.objectCount, "the count of slots is wrong")
    precondition(active == node.activeCount, "the count of objects is wrong")
    precondition(withFreeSlots == node.partial.count, "a slab with free slots is in no list")
  }

  private func isMySlab(_ page: Ref<Page>) -> Bool {
    page.pointee.flags.contains(.slab) && page.slabCache == address
  }

  private func checkFreeList(_ slab: Ref<Page>) {
    let geometry = pointee.geometry
    let start = unsafe UInt(bitPattern: pointee.pages.pointee.pointer(to: slab))
    var free: UInt = 0
    var slot = slab.firstFreeSlot
    while slot != 0 && free <= slab.slotCount {
      guard let index = geometry.slot(at: slot &- start), index < Int(slab.slotCount)
      else {
        fatalError("a free list leads out of its slab")
      }
      free += 1
      slot = FreeSlot.next(after: slot, geometry.linkOffset)
    }
    // A slot met twice makes a circle, which no count of free slots can match.
    precondition(
      free == slab.slotCount - slab.slotsInUse, "a free list has a wrong length")
  }
}
