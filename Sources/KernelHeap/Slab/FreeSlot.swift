internal import MemoryTypes
internal import PhysicalMemory

/// The one word that a free slot holds: the address of the next free slot of its slab, or 0.
enum FreeSlot {
  /// The free slot behind `slot`; 0 behind the last.
  @inline(__always)
  static func next(after slot: UInt, _ linkOffset: UInt) -> UInt {
    // SAFETY: a free slot belongs to its cache, and the offset lies inside it.
    unsafe UnsafePointer<UInt>(bitPattern: slot &+ linkOffset).unsafelyUnwrapped.pointee
  }

  @inline(__always)
  static func setNext(after slot: UInt, _ linkOffset: UInt, to next: UInt) {
    // SAFETY: as in `next(after:_:)`.
    let link = unsafe UnsafeMutablePointer<UInt>(bitPattern: slot &+ linkOffset)
    unsafe link.unsafelyUnwrapped.pointee = next
  }

  /// Makes a slab of a block of frames: all slots free, chained lowest first, of no cache yet.
  static func format(_ slab: Ref<Page>, _ geometry: SlabGeometry, _ pages: Ref<PageAllocator>) {
    let start = unsafe UInt(bitPattern: pages.pointee.pointer(to: slab))
    let count = UInt(geometry.objects(in: slab.pointee.order))
    var next: UInt = 0
    var index = count
    while index > 0 {
      index -= 1
      let slot = start + index * geometry.slotSize.rawValue
      setNext(after: slot, geometry.linkOffset, to: next)
      next = slot
    }
    slab.pointee.flags.insert(.slab)
    slab.firstFreeSlot = next
    slab.slotsInUse = 0
    slab.slotCount = count
  }
}
