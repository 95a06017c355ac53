public import MemoryTypes
public import PhysicalMemory

/// The heap of a machine as a whole. Linux: mm/slab_common.c.
public enum SlabHeap {
  /// Puts the heap up with `options`; a heap that nobody boots has the usual ones.
  ///
  /// It stands until `end(of:)`. Before the first cache is made, by
  /// one processor. Throws when there is no memory. Linux: `kmem_cache_init()`.
  public static func boot(
    _ options: HeapOptions, on pages: Ref<PageAllocator>
  ) throws(AllocationError) {
    precondition(HeapRoot.existing(pages) == nil, "the heap is booted already")
    _ = try HeapRoot.make(pages, options, wasBooted: true)
  }

  /// Takes down a heap that has no cache.
  public static func end(of pages: Ref<PageAllocator>) {
    HeapRoot.existing(pages)?.releaseIfUnused()
  }

  /// What the heap was booted with.
  public static func options(of pages: Ref<PageAllocator>) -> HeapOptions {
    HeapRoot.existing(pages)?.pointee.options ?? HeapOptions()
  }
}
