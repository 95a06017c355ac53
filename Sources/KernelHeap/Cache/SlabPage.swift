internal import MemoryTypes
internal import PhysicalMemory

/// What the page of a slab's first frame says whatever the design. Linux: `struct slab`, mm/slab.h.
extension Ref where Object == Page {
  /// The address of the cache's core.
  @inline(__always)
  var slabCache: UInt {
    get { pointee.mapping }
    nonmutating set { pointee.mapping = newValue }
  }
}
