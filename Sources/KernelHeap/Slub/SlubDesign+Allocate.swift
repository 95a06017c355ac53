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
        let slab = processor.value().pointee.partial.popFront()
          ?? takeFromNodes(source.index, &processor.value().pointee.partial)
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

  /// All objects of a slab that nobody lists, for the processor. Linux: `freeze_slab()`.
  @inline(__always)
  private func takeFromPartialSlab(
    _ slab: Ref<Page>, _ processor: Ref<SlubProcessor>
  ) -> UInt {
    let old = slab.updateSlub { state in
      state.counters.isFrozen = true
      state.first = 0
      state.counters.inUse = state.counters.objects
    }
    return attach(slab, old.first, to: processor)
  }

  /// A slab of the processor's own node, or of the nearest that has more than it keeps; and some more
  /// for the processor's own list.
  ///
  /// Linux: `get_partial()`, `get_any_partial()`, but for the throw of dice that lets one request in
  /// forty go without.
  private func takeFromNodes(
    _ processor: Int, _ partial: inout PageList
  ) -> Ref<Page>? {
    let pages = core.pointee.pages
    let home = pages.pointee.node(ofProcessor: processor)
    if let slab = takeFromNode(node(home), &partial) { return slab }
    guard nodeCount > 1 else { return nil }
    let minimum = core.pointee.geometry.minimumPartial
    var found: Ref<Page>?
    _ = pages.pointee.anyNode(from: home) { index in
      let other = node(index)
      guard index != home, other.pointee.partial.withLock({ $0.count }) > minimum else {
        return false
      }
      found = takeFromNode(other, &partial)
      return found != nil
    }
    return found
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
    precondition(
      processor.value().pointee.first == 0, "a processor without a slab had free objects")
    processor.value().pointee.first = core.nextFree(after: list)
    processor.value().pointee.slab = slab.address
    return list
  }

  /// Takes the slab away from the processor, with the rest of the list. For whoever has its lists.
  func detach(_ processor: Ref<SlubProcessor>) -> (slab: Ref<Page>, list: UInt)? {
    // SAFETY: only addresses of pages are stored there.
    guard let slab = unsafe UnsafeMutablePointer<Page>(bitPattern: processor.value().pointee.slab)
    else {
      return nil
    }
    let list = processor.value().pointee.first
    processor.value().pointee.slab = 0
    processor.value().pointee.first = 0
    return unsafe (Ref(slab), list)
  }
}
