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

  static func name(_ index: Int) -> StaticString {
    switch index {
    case 1: "kmalloc-96"
    case 2: "kmalloc-192"
    case 3: "kmalloc-8"
    case 4: "kmalloc-16"
    case 5: "kmalloc-32"
    case 6: "kmalloc-64"
    case 7: "kmalloc-128"
    case 8: "kmalloc-256"
    case 9: "kmalloc-512"
    case 10: "kmalloc-1k"
    case 11: "kmalloc-2k"
    case 12: "kmalloc-4k"
    case 13: "kmalloc-8k"
    case 14: "kmalloc-16k"
    case 15: "kmalloc-32k"
    case 16: "kmalloc-64k"
    default: "kmalloc-128k"
    }
  }
}
