internal import MemoryTypes
internal import PhysicalMemory

extension SlubDesign {
  /// Frees into the slab itself. Linux: `__slab_free()`.
  ///
  /// Which processor had the slab, or which list it stands in, matters only when it was full or
  /// becomes empty.
  @inline(never)
  func freeSlowly(_ object: UInt, in slab: Ref<Page>) {
    if core.pointee.flags.isDebugging { return freeWatched(object, in: slab) }
    while true {
      let old = slab.slub
      let new = afterFreeing(object, old)
      if !old.counters.isFrozen && new.counters.inUse == 0 && old.first != 0 {
        if freeLast(object, in: slab) { return }
        continue
      }
      guard slab.exchangeSlub(old, for: new) else { continue }
      if old.first == 0 && !old.counters.isFrozen { list(slab) }
      return
    }
  }

  @inline(__always)
  private func afterFreeing(_ object: UInt, _ old: SlubState) -> SlubState {
    guard old.first != object, old.counters.inUse > 0 else { SlabMisuse.trapFreedTwice() }
    core.setNextFree(after: object, to: old.first)
    var new = old
    new.first = object
    new.counters.rawValue &-= 1
    return new
  }

  /// A slab that was full has a free object: nobody lists it, so its freer must.
  private func list(_ slab: Ref<Page>) {
    guard core.pointee.geometry.perCPUPartial > 0 else { return putOnNode(slab) }
    var surplus = PageList()
    let processor = self.processor
    processor.pointee.withOwn(source) {
      if processor.value().pointee.partial.count >= perCPUPartialSlabs {
        surplus.append(&processor.value().pointee.partial)
      }
      processor.value().pointee.partial.pushFront(slab)
    }
    while let old = surplus.popFront() { putOnNode(old) }
  }

  /// Frees the last object of a slab that no processor has; false, and nothing done, when it has
  /// become something else. The node's lock keeps others from taking the slab in the meantime.
  private func freeLast(_ object: UInt, in slab: Ref<Page>) -> Bool {
    let minimum = core.pointee.geometry.minimumPartial
    let surplus = node(of: slab).pointee.partial.withLock { partial -> Bool? in
      let old = slab.slub
      guard !old.counters.isFrozen, old.counters.inUse == 1, old.first != 0,
        slab.exchangeSlub(old, for: afterFreeing(object, old))
      else { return nil }
      // Whoever has taken it off the list decides what becomes of it.
      guard slab.isOnNodeList, partial.count >= minimum else { return false }
      partial.remove(slab)
      slab.isOnNodeList = false
      return true
    }
    guard let surplus else { return false }
    if surplus { discard(slab) }
    return true
  }

  /// Lists a slab that nobody has; or gives it back, when it is empty and the list long enough.
  ///
  /// Linux: `__put_partials()`, `deactivate_slab()`.
  func putOnNode(_ slab: Ref<Page>) {
    let node = node(of: slab)
    let minimum = core.pointee.geometry.minimumPartial
    let isSurplus = node.pointee.partial.withLock { partial -> Bool in
      if slab.slub.counters.inUse == 0 && partial.count >= minimum { return true }
      partial.pushBack(slab)
      slab.isOnNodeList = true
      return false
    }
    if isSurplus { discard(slab) }
  }

  /// Puts the list of a slab back into it; it is nobody's from then on.
  ///
  /// Linux: `deactivate_slab()`.
  func deactivate(_ slab: Ref<Page>, _ list: UInt) {
    var count: UInt = 0
    var last: UInt = 0
    var next = list
    while next != 0 {
      last = next
      count &+= 1
      next = core.nextFree(after: next)
    }
    let old = slab.updateSlub { state in
      if last != 0 {
        core.setNextFree(after: last, to: state.first)
        state.first = list
      }
      state.counters.inUse &-= count
      state.counters.isFrozen = false
    }
    if last != 0 || old.first != 0 { putOnNode(slab) }
  }

  /// Takes every list from every processor. Linux: `flush_all()`.
  func flush() {
    // All of them first: their slabs come to the partial slabs of the processor at work.
    if core.pointee.spareCapacity != 0 { flushSpares() }
    for index in 0..<core.pointee.processorCount {
      let processor = self.processor(index)
      var slabs = PageList()
      processor.pointee.withOthers(source) {
        slabs.append(&processor.value().pointee.partial)
        if let (slab, list) = detach(processor) { deactivate(slab, list) }
      }
      while let slab = slabs.popFront() { putOnNode(slab) }
    }
  }

  private func flushSpares() {
    for index in 0..<core.pointee.processorCount {
      let processor = self.processor(index)
      freeChain(
        processor.pointee.withOthers(source) {
          processor.takeSpares(processor.value().pointee.spareCount, core)
        })
    }
  }

  /// Linux: `__kmem_cache_do_shrink()`.
  func giveBackEmptySlabs(of node: Ref<SlubNode>) {
    var empty = PageList()
    node.pointee.partial.withLock { partial in
      var next = partial.first
      while let slab = next {
        next = partial.next(after: slab)
        guard slab.slub.counters.inUse == 0 else { continue }
        partial.remove(slab)
        slab.isOnNodeList = false
        empty.pushBack(slab)
      }
    }
    while let slab = empty.popFront() { discard(slab) }
  }

  /// Linux: `discard_slab()`.
  func discard(_ slab: Ref<Page>) {
    node(of: slab).pointee.forget(slab)
    if core.pointee.flags.isDebugging { checkBeforeDiscarding(slab) }
    giveBackFrames(slab)
  }

  private func giveBackFrames(_ slab: Ref<Page>) {
    slab.pointee.flags.remove(.slab)
    slab.pointee.charge = 0
    core.pointee.pages.pointee.freePages(slab, order: slab.pointee.order)
  }
}
