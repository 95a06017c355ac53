internal import MemoryTypes
internal import PhysicalMemory

extension SlubDesign {
  @inline(never)
  func allocateWatched(_ flags: AllocationFlags) throws(AllocationError) -> UInt {
    try allocateSlowly(flags)
  }

  func freeWatched(_ object: UInt, in slab: Ref<Page>) { SlabMisuse.trapForeign() }

  func prepareWatched(_ slab: Ref<Page>, _ firstObject: UInt, _ count: UInt) {}

  func checkBeforeDiscarding(_ slab: Ref<Page>) {}

  /// `object` was freed into this cache but is none of it.
  @inline(never)
  func misuse(_ object: UInt, in slab: Ref<Page>) {
    SlabMisuse.trapForeign()
  }
}
