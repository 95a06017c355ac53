internal import Machine
internal import MemoryTypes
internal import PhysicalMemory

/// The quick way of caches without spare objects, mangled links and debugging: what is constant for
/// them is not looked at, so that an allocation or a free is some forty instructions.
extension SlubDesign {
  /// The first object of the processor's own list; 0 when it has none, or somebody else wants it.
  ///
  /// Linux: `__slab_alloc_node()`.
  @inline(__always)
  func takePlainly() -> UInt {
    let source = self.source
    let processor = self.plainProcessor(source.index)
    guard processor.pointee.enter(source) else { return 0 }
    let first = processor.pointee.value.first
    if first != 0 { processor.pointee.value.first = unsafe link(first).pointee }
    processor.pointee.leave()
    return first
  }

  /// Linux: `do_slab_free()`.
  @inline(__always)
  func freePlainly(_ object: UInt, in slab: Ref<Page>) {
    let offset = object &- core.pointee.window.address(of: slab)
    guard slab.slabCache == core.address, core.pointee.geometry.isSlot(at: offset) else {
      return misuse(object, in: slab)
    }
    let source = self.source
    let processor = self.plainProcessor(source.index)
    guard processor.pointee.enter(source) else { return freeSlowly(object, in: slab) }
    guard processor.pointee.value.slab == slab.address else {
      processor.pointee.leave()
      return freeSlowly(object, in: slab)
    }
    let first = processor.pointee.value.first
    guard first != object else { SlabMisuse.trapFreedTwice() }
    unsafe link(object).pointee = first
    processor.pointee.value.first = object
    processor.pointee.leave()
  }

  @inline(__always)
  private func plainProcessor(_ index: Int) -> Ref<SlubProcessor> {
    precondition(
      UInt(bitPattern: index) < UInt(bitPattern: core.pointee.processorCount), "no such processor")
    let address = core.body &+ UInt(bitPattern: index &* SlubLists.stride(spares: 0))
    // SAFETY: the body begins with one for each processor.
    return unsafe Ref(UnsafeMutablePointer(bitPattern: address).unsafelyUnwrapped)
  }

  @inline(__always)
  private func link(_ object: UInt) -> UnsafeMutablePointer<UInt> {
    // SAFETY: the object belongs to the cache, and the offset lies inside its slot.
    unsafe UnsafeMutablePointer(bitPattern: object &+ core.pointee.geometry.linkOffset)
      .unsafelyUnwrapped
  }
}
