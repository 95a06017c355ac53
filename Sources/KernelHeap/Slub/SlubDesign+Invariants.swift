internal import Machine
internal import MemoryTypes
internal import PhysicalMemory

/// See the theory in KernelHeap.swift.
extension SlubDesign {
  func checkInvariants() {
    var listed = checkNodeLists()
    var free: UInt = 0
    for index in 0..<core.pointee.processorCount {
      listed += checkProcessor(self.processor(index), &free)
      free &+= checkSpares(processor(index))
    }
    checkSums(listed: listed, inProcessorLists: free)
  }

  func checkInvariants(of slab: Ref<Page>) {
    _ = checkLength(of: slab)
    guard slab.slub.counters.isFrozen else { return }
    for index in 0..<core.pointee.processorCount
    where processor(index).value().pointee.slab == slab.address {
      _ = checkOwnSlab(processor(index))
    }
  }

  /// How many spare objects the processor has.
  private func checkSpares(_ processor: Ref<SlubProcessor>) -> UInt {
    let count = processor.value().pointee.spareCount
    precondition(count <= core.pointee.spareCapacity, "a processor has too many spare objects")
    processor.forEachSpare { object in
      let slab = core.pointee.window.headPage(of: object)
      let isRight = slab.map { isMine($0) && isObject(object, of: $0) } ?? false
      precondition(isRight, "a spare object is none of the cache")
    }
    return count
  }

  /// How many slabs the nodes list.
  private func checkNodeLists() -> Int {
    var listed = 0
    for index in 0..<nodeCount {
      listed += node(index).pointee.partial.withLock { partial in
        partial.checkInvariants()
        var next = partial.first
        while let slab = next {
          precondition(isMine(slab), "a node lists what is no slab of the cache")
          precondition(slab.isOnNodeList, "a listed slab does not know it")
          precondition(!slab.slub.counters.isFrozen, "a node lists a processor's slab")
          precondition(slab.slub.first != 0, "a node lists a full slab")
          next = partial.next(after: slab)
        }
        return partial.count
      }
    }
    return listed
  }

  /// How many slabs with free objects the processor has beside its own.
  private func checkProcessor(_ processor: Ref<SlubProcessor>, _ free: inout UInt) -> Int {
    free &+= checkOwnSlab(processor)
    return checkKept(processor.value().pointee.partial)
  }

  private func checkKept(_ list: PageList) -> Int {
    list.checkInvariants()
    var next = list.first
    while let slab = next {
      precondition(isMine(slab) && !slab.isOnNodeList, "a processor keeps a foreign slab")
      precondition(!slab.slub.counters.isFrozen, "a slab is kept and in use")
      precondition(slab.slub.first != 0, "a processor keeps a full slab")
      next = list.next(after: slab)
    }
    return list.count
  }

  /// How many objects the processor's list has.
  private func checkOwnSlab(_ processor: Ref<SlubProcessor>) -> UInt {
    guard let slab = slab(of: processor) else {
      precondition(processor.value().pointee.first == 0, "a processor has objects of no slab")
      return 0
    }
    precondition(isMine(slab), "a processor has a foreign slab")
    precondition(slab.slub.counters.isFrozen, "a processor's slab is not frozen")
    let length = checkList(processor.value().pointee.first, in: slab)
    precondition(length <= slab.slub.counters.inUse, "a processor has too many free objects")
    return length
  }

  private func checkSums(listed: Int, inProcessorLists free: UInt) {
    var slabs: UInt = 0
    var objects: UInt = 0
    var inUse: UInt = 0
    var withFreeObjects = 0
    var frozen = 0
    forEachSlab { slab in
      let length = checkLength(of: slab)
      let state = slab.slub
      slabs += 1
      objects += state.counters.objects
      inUse += state.counters.inUse
      if state.counters.isFrozen { frozen += 1 } else if length > 0 { withFreeObjects += 1 }
    }
    let counts = self.counts
    precondition(slabs == counts.slabs, "slabs were lost")
    precondition(objects == counts.totalObjects, "the count of slots is wrong")
    precondition(inUse - free == counts.activeObjects, "the count of objects is wrong")
    precondition(withFreeObjects == listed, "a slab with free objects is in no list")
    precondition(frozen <= core.pointee.processorCount, "more frozen slabs than processors")
  }

  /// How many objects the slab itself has free.
  private func checkLength(of slab: Ref<Page>) -> UInt {
    let state = slab.slub
    let length = checkList(state.first, in: slab)
    let isRight = length == state.counters.objects &- state.counters.inUse
    precondition(isRight, "a free list has a wrong length")
    return length
  }

  private func isMine(_ page: Ref<Page>) -> Bool {
    page.pointee.flags.contains(.slab) && page.slabCache == core.address
  }

  /// The length of a free list. An object met twice makes a circle, which is too long.
  private func checkList(_ list: UInt, in slab: Ref<Page>) -> UInt {
    var count: UInt = 0
    var object = list
    while object != 0 && count <= slab.slub.counters.objects {
      precondition(isObject(object, of: slab), "a free list leads out of its slab")
      count += 1
      object = core.nextFree(after: object)
    }
    return count
  }
}
