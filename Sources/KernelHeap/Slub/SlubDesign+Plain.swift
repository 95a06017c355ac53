internal import Machine
internal import MemoryTypes
internal import PhysicalMemory

/// The quick way of caches without mangled links and debugging: what is constant for them is not
/// looked at, so that an allocation or a free is some forty instructions.
extension SlubDesign {
  /// The object freed last, or the first of the processor's own list; 0 when it has none, or
  /// somebody else wants what it has.
  ///
  /// Linux: `__slab_alloc_node()`.
  @inline(__always)
  func takePlainly(hasSpares: Bool) -> UInt {
    // The promise is read anew behind the number: what need not be kept meanwhile costs nothing.
    let processor = self.processor
    guard processor.pointee.gate.enter(source) else { return 0 }
    if hasSpares, let spare = processor.takeSpare() {
      processor.pointee.gate.leave()
      return spare
    }
    let first = processor.value().pointee.first
    if first != 0 { processor.value().pointee.first = unsafe link(first).pointee }
    processor.pointee.gate.leave()
    return first
  }

  /// Linux: `do_slab_free()`.
  @inline(__always)
  func freePlainly(
    _ object: UInt, in slab: Ref<Page>, at offset: UInt, by processor: Int, hasSpares: Bool
  ) {
    guard slab.slabCache == core.address, core.pointee.geometry.isSlot(at: offset) else {
      return misuse(object, in: slab)
    }
    freeQuickly(object, in: slab, by: processor, isPlain: true, hasSpares: hasSpares)
  }

  /// Puts an object that was checked on the processor's own list, if its slab is the processor's.
  @inline(__always)
  func freeQuickly(
    _ object: UInt, in slab: Ref<Page>, by index: Int, isPlain: Bool, hasSpares: Bool
  ) {
    let processor = self.processor(index)
    guard processor.pointee.gate.enter(source) else { return freeSlowly(object, in: slab) }
    guard !hasSpares else {
      let isKept = processor.keepSpare(object, core.pointee.spareCapacity)
      processor.pointee.gate.leave()
      return isKept ? () : spill(object, in: slab, processor)
    }
    guard processor.value().pointee.slab == slab.address else {
      processor.pointee.gate.leave()
      return freeSlowly(object, in: slab)
    }
    let first = processor.value().pointee.first
    guard first != object else { SlabMisuse.trapFreedTwice() }
    if isPlain {
      unsafe link(object).pointee = first
    } else {
      core.setNextFree(after: object, to: first)
    }
    processor.value().pointee.first = object
    processor.pointee.gate.leave()
  }

  @inline(__always)
  private func link(_ object: UInt) -> UnsafeMutablePointer<UInt> {
    // SAFETY: the object belongs to the cache, and the offset lies inside its slot.
    unsafe UnsafeMutablePointer(bitPattern: object &+ core.pointee.geometry.linkOffset)
      .unsafelyUnwrapped
  }
}
