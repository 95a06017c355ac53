internal import MemoryTypes

/// The size classes of kmalloc, by Linux's numbers. Linux: `kmalloc_info`, mm/slab_common.c.
enum KmallocClass {
  /// The class of `size`, 1 or more; above the largest class for sizes that have none.
  ///
  /// Linux: `__kmalloc_index()`.
  @inline(__always)
  static func index(of size: ByteCount) -> Int {
    let bytes = size.rawValue
    if bytes <= 8 { return 3 }
    if bytes > 64 && bytes <= 96 { return 1 }
    if bytes > 128 && bytes <= 192 { return 2 }
    return UInt.bitWidth - (bytes &- 1).leadingZeroBitCount
  }

  /// The bytes of the smallest class: SLAB's slots have room for no less, and no other classes.
  ///
  /// Linux: `KMALLOC_MIN_SIZE`.
  static func smallest(_ design: SlabDesign) -> UInt {
    design == .slab ? QueuedPlan.smallestSlot : 8
  }

  static func size(_ index: Int) -> ByteCount {
    switch index {
    case 1: ByteCount(96)
    case 2: ByteCount(192)
    default: ByteCount(1 &<< UInt(index))
    }
  }

  /// The largest power of two that divides the size: what Linux promises since 6.10.
  static func alignment(_ size: ByteCount) -> ByteCount {
    ByteCount(1 &<< UInt(size.rawValue.trailingZeroBitCount))
  }
}
