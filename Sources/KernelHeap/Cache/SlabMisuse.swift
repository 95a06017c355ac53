/// The mistakes of a caller of the kernel heap: each ends the machine with one line, unless the
/// cache is watched and the heap has where to report to.
///
/// Linux: `object_err()`, `slab_err()`, mm/slub.c.
enum SlabMisuse {
  @inline(never)
  static func trapFreedTwice() -> Never {
    fatalError("freed an object twice")
  }

  @inline(never)
  static func trapForeign() -> Never {
    fatalError("freed a pointer that is no object of this cache")
  }

  @inline(never)
  static func trapNoHeapPointer() -> Never {
    fatalError("freed or measured a pointer that the kernel heap did not give")
  }

  @inline(never)
  static func trapCorruptFreeList() -> Never {
    fatalError("a list of free objects was written over")
  }
}
