internal import Machine
internal import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

/// The life of objects that are watched: no processor has slabs of its own, and whatever happens
/// to a slab happens under the lock of its node.
extension SlubDesign {
  /// Linux: `alloc_single_from_partial()`.
  @inline(never)
  func allocateWatched(_ flags: AllocationFlags) throws(AllocationError) -> UInt {
    let pages = core.pointee.pages
    while true {
      var object: UInt?
      // The nearest first; of the far ones, as of the near one, whatever has a free object.
      _ = pages.pointee.anyNode(from: pages.pointee.node(ofProcessor: source.index)) { index in
        object = takeWatched(from: node(index))
        return object != nil
      }
      if let object { return object }
      let slab = try makeSlab(flags)
      node(of: slab).pointee.add(slab)
      putOnNode(slab)
    }
  }

  private func takeWatched(from node: Ref<SlubNode>) -> UInt? {
    node.pointee.partial.withLock { partial -> UInt? in
      while let slab = partial.first {
        if let object = takeWatched(from: slab, &partial) { return object }
      }
      return nil
    }
  }

  /// The first free object of a slab, or nil when it is not what it was left as: then the slab
  /// hands out nothing any more. Linux: `alloc_debug_processing()`.
  private func takeWatched(from slab: Ref<Page>, _ partial: inout PageList) -> UInt? {
    var state = slab.slub
    let object = state.first
    guard isFreeListSound(of: slab), isUntouched(object, in: slab) else {
      state.first = 0
      state.counters.inUse = state.counters.objects
      slab.setSlub(state)
      partial.remove(slab)
      slab.isOnNodeList = false
      report(of: slab) { $0.fix("Marking all objects used") }
      return nil
    }
    state.first = core.nextFree(after: object)
    state.counters.inUse &+= 1
    slab.setSlub(state)
    if state.first == 0 {
      partial.remove(slab)
      slab.isOnNodeList = false
    }
    bytes(of: object).mark(inUse: true)
    bytes(of: object).setTrack(.allocation, currentTrack)
    return object
  }

  /// Linux: `free_to_partial_list()`.
  func freeWatched(_ object: UInt, in slab: Ref<Page>) {
    let minimum = core.pointee.geometry.minimumPartial
    let isSurplus = node(of: slab).pointee.partial.withLock { partial -> Bool in
      guard mayFree(object, in: slab) else { return false }
      bytes(of: object).setTrack(.free, currentTrack)
      bytes(of: object).mark(inUse: false)
      var state = slab.slub
      let wasFull = state.first == 0
      core.setNextFree(after: object, to: state.first)
      state.first = object
      state.counters.inUse &-= 1
      slab.setSlub(state)
      if state.counters.inUse == 0 && partial.count >= minimum {
        if !wasFull { partial.remove(slab) }
        slab.isOnNodeList = false
        return true
      }
      if wasFull {
        partial.pushBack(slab)
        slab.isOnNodeList = true
      }
      return false
    }
    if isSurplus { discard(slab) }
  }

  /// All objects of a new slab as free ones. Linux: `setup_slab_debug()`, `setup_object_debug()`.
  func prepareWatched(_ slab: Ref<Page>, _ firstObject: UInt, _ count: UInt) {
    let size = core.pointee.geometry.slotSize.rawValue
    if core.pointee.flags.contains(.poisoned) {
      let all = core.pointee.window.address(of: slab)
      WatchedBytes.fill(all, slabSize(slab), with: WatchedBytes.padding)
    }
    for index in 0..<count {
      let object = bytes(of: firstObject &+ index &* size)
      object.mark(inUse: false)
      object.setTrack(.allocation, SlabTrack(user: 0, processor: 0))
      object.setTrack(.free, SlabTrack(user: 0, processor: 0))
    }
  }

  func bytes(of object: UInt) -> WatchedBytes { WatchedBytes(object, core) }

  func slabSize(_ slab: Ref<Page>) -> UInt {
    core.pointee.pages.pointee.directMap.pageSize.bytes(in: slab.pointee.order.pageCount).rawValue
  }

  private var currentTrack: SlabTrack {
    let user = HeapRoot.existing(core.pointee.pages)?.pointee.options.reports?.user ?? 0
    return SlabTrack(user: user, processor: UInt(core.pointee.pages.pointee.processors.index))
  }
}
