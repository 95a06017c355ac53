import KernelHeap
import Machine
import MemoryTypes
import PhysicalMemory

/// What the check puts into slabs: a number in front and one behind, to see objects overlap.
private struct Sample: ~Copyable {
  var number: UInt
  var padding = InlineArray<9, UInt>(repeating: 0)
  var copy: UInt

  init(_ number: UInt) {
    self.number = number
    copy = ~number
  }

  var isWhole: Bool { copy == ~number }
}

extension BootCheck {
  /// Fills some slabs with objects and empties them again, in the order of allocation.
  mutating func checkHeap(_ pages: Ref<PageAllocator>) throws(BootError) {
    let before = pages.pointee.freePageCount
    let cache = try allocating { () throws(AllocationError) in
      try TypedCache<Sample>(name: "sample", pages: pages)
    }
    try fill(cache, pages)
    report("slab: ", UInt64(cache.slots.geometry.slotSize.rawValue), " bytes an object, ")
    report("", UInt64(cache.slots.objectsPerSlab), " in a slab\n")
    do throws(SlabCacheError) { try cache.slots.destroy() } catch {
      throw .failed("objects remained in a slab")
    }
    try check(pages.pointee.freePageCount == before, orFail: "the slab cache lost pages")
  }

  /// Allocates until the fourth slab, keeping the objects in an array of one frame.
  private func fill(
    _ cache: borrowing TypedCache<Sample>, _ pages: Ref<PageAllocator>
  ) throws(BootError) {
    let page = try allocating { () throws(AllocationError) in
      try pages.pointee.allocatePage(flags: .kernel)
    }
    let room = Int(pages.pointee.directMap.pageSize.bytes.rawValue) / MemoryLayout<UInt>.stride
    let count = min(room, 3 * cache.slots.objectsPerSlab + 1)
    // SAFETY: the frame is ours and holds `room` references, of which `count` are initialised.
    let samples = unsafe UnsafeMutableBufferPointer(
      start: pages.pointee.pointer(to: page).bindMemory(to: Ref<Sample>.self, capacity: count),
      count: count)
    for index in 0..<count {
      let sample = try allocating { () throws(AllocationError) in
        try cache.allocate(Sample(UInt(index)))
      }
      unsafe samples.initializeElement(at: index, to: sample)
    }
    cache.slots.checkInvariants()
    for index in 0..<count {
      let sample = unsafe samples[index]
      try check(
        sample.pointee.number == UInt(index) && sample.pointee.isWhole, orFail: "objects overlap")
      cache.free(sample)
    }
    pages.pointee.freePage(page)
  }
}
