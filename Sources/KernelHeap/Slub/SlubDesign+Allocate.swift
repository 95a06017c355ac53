internal import MemoryTypes
internal import PhysicalMemory

/// The slow path: each station that is asked for a list of free objects lies further away.
extension SlubDesign {
  /// Linux: `___slab_alloc()`.
  @inline(never)
  func allocateSlowly(_ flags: AllocationFlags) throws(AllocationError) -> UInt {
    let processor = self.processor
    if let object = takeFromSlabsAtHand(processor) { return object }
    let slab = try makeSlab(flags)
    let all = slab.slub.first
    let old = slab.updateSlub { state in
      state.first = 0
      state.counters.inUse = state.counters.objects
      state.counters.isFrozen = true
    }
    precondition(old.first == all, "a new slab was found by somebody")
    node(of: slab).pointee.add(slab)
    return processor.pointee.withOwn(source) {
      // While the slab was made others may have found one for this processor.
      if let (replaced, list) = detach(processor) { deactivate(replaced, list) }
      return attach(slab, all, to: processor)
    }
  }

  private func takeFromSlabsAtHand(_ processor: Ref<SlubProcessor>) -> UInt? {
    processor.pointee.withOwn(source) { () -> UInt? in
      if let object = takeFromOwnSlab(processor) { return object }
      guard
        let slab = processor.pointee.value.partial.popFront()
          ?? takeFromNodes(&processor.pointee.value.partial)
      else { return nil }
      return takeFromPartialSlab(slab, processor)
    }
  }

  /// From what others freed into the processor's own slab. If nothing is there it is nobody's slab
  /// any more. Linux: `get_freelist()`.
  @inline(__always)
  private func takeFromOwnSlab(_ processor: Ref<SlubProcessor>) -> UInt? {
    guard let (slab, list) = detach(processor) else { return nil }
    if list != 0 { return attach(slab, list, to: processor) }
    let old = slab.updateSlub { state in
      state.counters.isFrozen = state.first != 0
      state.first = 0
      state.counters.inUse = state.counters.objects
    }
    return old.first == 0 ? nil : attach(slab, old.first, to: processor)
  }

  /// From a slab that nobody lists: its only free object, or all of them for the processor.
  ///
  /// Full machines have many slabs with one free object; such a slab is not worth having.
  /// Linux: `freeze_slab()`.
  @inline(__always)
  private func takeFromPartialSlab(
    _ slab: Ref<Page>, _ processor: Ref<SlubProcessor>
  ) -> UInt {
    let old = slab.updateSlub { state in
      state.counters.isFrozen = state.counters.inUse &+ 1 != state.counters.objects
      state.first = 0
      state.counters.inUse = state.counters.objects
    }
    guard old.counters.inUse &+ 1 != old.counters.objects else { return old.first }
    return attach(slab, old.first, to: processor)
  }

  /// A slab of a node's list, and some more for the processor's own. The nearest node first.
  ///
  /// Linux: `get_partial()`, `get_any_partial()`.
  private func takeFromNodes(_ partial: inout PageList) -> Ref<Page>? {
    for index in 0..<nodeCount {
      if let slab = takeFromNode(node(index), &partial) { return slab }
    }
    return nil
  }

  /// Linux: `get_partial_node()`.
  private func takeFromNode(_ node: Ref<SlubNode>, _ partial: inout PageList) -> Ref<Page>? {
    let enough = perCPUPartialSlabs / 2
    var taken = PageList()
    let found = node.pointee.partial.withLock { list -> Ref<Page>? in
      guard let slab = list.popFront() else { return nil }
      slab.isOnNodeList = false
      guard core.pointee.geometry.perCPUPartial > 0 else { return slab }
      while taken.count <= enough, let more = list.popFront() {
        more.isOnNodeList = false
        taken.pushBack(more)
      }
      return slab
    }
    partial.append(&taken)
    return found
  }

  /// Makes a frozen slab the processor's and hands out the first of the list, which is not empty.
  /// For whoever has its lists; it has no slab.
  private func attach(
    _ slab: Ref<Page>, _ list: UInt, to processor: Ref<SlubProcessor>
  ) -> UInt {
    precondition(processor.pointee.value.first == 0, "a processor without a slab had free objects")
    processor.pointee.value.first = core.nextFree(after: list)
    processor.pointee.value.slab = slab.address
    return list
  }

  /// Takes the slab away from the processor, with the rest of the list. For whoever has its lists.
  func detach(_ processor: Ref<SlubProcessor>) -> (slab: Ref<Page>, list: UInt)? {
    // SAFETY: only addresses of pages are stored there.
    guard let slab = unsafe UnsafeMutablePointer<Page>(bitPattern: processor.pointee.value.slab)
    else {
      return nil
    }
    let list = processor.pointee.value.first
    processor.pointee.value.slab = 0
    processor.pointee.value.first = 0
    return unsafe (Ref(slab), list)
  }
}
