internal import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

/// The slabs of one cache on one node. Linux: `struct kmem_cache_node`.
struct SlubNode: ~Copyable {
  /// Slabs with free objects that no processor has; empty ones among them.
  let partial: SpinLock<PageList>
  /// Linux: `nr_slabs`.
  let slabs: Atomic<UInt>
  let pages: Atomic<UInt>
  /// Linux: `total_objects`.
  let objects: Atomic<UInt>

  init() {
    partial = SpinLock(PageList())
    slabs = Atomic(0)
    pages = Atomic(0)
    objects = Atomic(0)
  }

  static var stride: Int { (MemoryLayout<SlubNode>.size + 63) & ~63 }

  /// Counts a new slab in. Linux: `inc_slabs_node()`.
  func add(_ slab: Ref<Page>) {
    slabs.wrappingAdd(1, ordering: .relaxed)
    pages.wrappingAdd(slab.pointee.order.pageCount.rawValue, ordering: .relaxed)
    objects.wrappingAdd(slab.slub.counters.objects, ordering: .relaxed)
  }

  func forget(_ slab: Ref<Page>) {
    slabs.wrappingSubtract(1, ordering: .relaxed)
    pages.wrappingSubtract(slab.pointee.order.pageCount.rawValue, ordering: .relaxed)
    objects.wrappingSubtract(slab.slub.counters.objects, ordering: .relaxed)
  }
}
