internal import MemoryTypes
internal import PhysicalMemory

/// The slabs of one cache, guarded by its lock. Linux: `struct kmem_cache_node`.
struct SlabNode: Sendable {
  /// Slabs with a free slot; empty ones among them.
  private(set) var partial = PageList()
  private(set) var slabCount: UInt = 0
  private(set) var pageCount = PageCount.zero
  /// Slots of all slabs.
  private(set) var objectCount: UInt = 0
  /// Slots that hold objects.
  private(set) var activeCount: UInt = 0
  private let linkOffset: UInt
  private let minimumPartial: Int

  init(_ geometry: SlabGeometry) {
    linkOffset = geometry.linkOffset
    minimumPartial = geometry.minimumPartial
  }

  /// The address of a free slot, now in use; nil when every slab is full.
  @inline(__always)
  mutating func take() -> UInt? {
    guard let slab = partial.first else { return nil }
    let slot = slab.firstFreeSlot
    slab.firstFreeSlot = FreeSlot.next(after: slot, linkOffset)
    slab.slotsInUse &+= 1
    if slab.firstFreeSlot == 0 { partial.remove(slab) }
    activeCount &+= 1
    return slot
  }

  /// Makes a slot free again; says whether the slab is empty and one too many, and so was dropped
  /// from the counts and lists and must go back to the page allocator.
  ///
  /// Traps on a slot that is free already, as far as the head of the free list shows it.
  @inline(__always)
  mutating func put(_ slot: UInt, _ index: Int, in slab: Ref<Page>) -> Bool {
    guard index < Int(slab.slotCount) else { SlabMisuse.trapForeign() }
    guard slab.slotsInUse > 0, slab.firstFreeSlot != slot else {
      SlabMisuse.trapFreedTwice()
    }
    let wasFull = slab.firstFreeSlot == 0
    FreeSlot.setNext(after: slot, linkOffset, to: slab.firstFreeSlot)
    slab.firstFreeSlot = slot
    slab.slotsInUse &-= 1
    activeCount &-= 1
    if slab.slotsInUse == 0 && partial.count >= minimumPartial {
      if !wasFull { partial.remove(slab) }
      forget(slab)
      return true
    }
    if wasFull { partial.pushBack(slab) }
    return false
  }

  /// Takes a new slab in, whose slots are all free, and takes the first free slot there is.
  mutating func takeAfterAdding(_ slab: Ref<Page>) -> UInt {
    partial.pushFront(slab)
    slabCount += 1
    pageCount += slab.pointee.order.pageCount
    objectCount += slab.slotCount
    guard let slot = take() else { fatalError("a new slab has no slot") }
    return slot
  }

  /// Takes one empty slab out; nil when there is none. O(partial slabs).
  mutating func removeEmptySlab() -> Ref<Page>? {
    var next = partial.first
    while let slab = next {
      if slab.slotsInUse == 0 {
        partial.remove(slab)
        forget(slab)
        return slab
      }
      next = partial.next(after: slab)
    }
    return nil
  }

  private mutating func forget(_ slab: Ref<Page>) {
    slabCount -= 1
    pageCount -= slab.pointee.order.pageCount
    objectCount -= slab.slotCount
  }
}
