internal import MemoryTypes
internal import PhysicalMemory

/// See the theory in QueuedDesign.swift.
extension QueuedDesign {
  func checkInvariants() {
    for index in 0..<nodeCount {
      node(index).pointee.withLock { check($0) }
      for other in 0..<nodeCount {
        aliens(of: index, for: other).pointee.withLock { check($0) }
      }
    }
    for processor in 0..<core.pointee.processorCount {
      let array = self.array(processor)
      array.pointee.withOthers(source) { check(array.value().pointee) }
    }
  }

  func checkInvariants(of slab: Ref<Page>) {
    let active = slab.activeObjects
    precondition(active >= 0 && active <= state.pointee.plan.count, "a count is no count")
    checkNumbers(slab)
  }

  private func check(_ node: QueuedNode) {
    let count = state.pointee.plan.count
    let free = check(node.free, 0...0) + check(node.full, count...count)
    let partial = node.partial.isEmpty ? 0 : check(node.partial, 1...max(count - 1, 1))
    precondition(free + partial == node.freeObjects, "free objects are miscounted")
    check(node.shared)
  }

  /// The free objects of the list's slabs.
  private func check(_ list: PageList, _ active: ClosedRange<Int>) -> Int {
    list.checkInvariants()
    var free = 0
    list.forEachElement { slab in
      precondition(
        slab.pointee.flags.contains(.slab) && slab.slabCache == core.address,
        "a node lists what is no slab of the cache")
      precondition(active.contains(slab.activeObjects), "a slab is in a wrong list")
      checkNumbers(slab)
      free += state.pointee.plan.count - slab.activeObjects
    }
    return free
  }

  private func checkNumbers(_ slab: Ref<Page>) {
    var first = 0
    while first < state.pointee.plan.count {
      checkNumbers(slab, from: first)
      first += 512
    }
  }

  /// That each of the 512 numbers from `first` is in the list once at most.
  private func checkNumbers(_ slab: Ref<Page>, from first: Int) {
    let count = state.pointee.plan.count
    var seen = InlineArray<8, UInt64>(repeating: 0)
    for place in slab.activeObjects..<count {
      let number = index(slab, place)
      precondition(number < count, "a list has the number of no object")
      guard number >= first && number < first + 512 else { continue }
      let bit: UInt64 = 1 << UInt64((number - first) % 64)
      precondition(seen[(number - first) / 64] & bit == 0, "an object is free twice")
      seen[(number - first) / 64] |= bit
    }
  }

  private func check(_ array: ObjectArray) {
    for place in 0..<array.count {
      let object = array[place]
      guard let slab = slab(of: object), let number = number(of: object, in: slab) else {
        fatalError("an array has what is no object")
      }
      for free in slab.activeObjects..<state.pointee.plan.count {
        precondition(index(slab, free) != number, "an object is in an array and in its slab")
      }
    }
  }
}
