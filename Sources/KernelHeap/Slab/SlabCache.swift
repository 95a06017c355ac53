internal import Machine
public import MemoryTypes
public import PhysicalMemory

/// Why a cache could not be destroyed.
public enum SlabCacheError: Error, Hashable, Sendable {
  /// So many objects of it live.
  case objectsRemain(UInt)
}

/// A cache of objects of one size. Linux: `struct kmem_cache`.
///
/// This value owns the cache; the cache itself stands in the cache of caches. Whoever ends the
/// value calls `destroy()` first. Every method but `destroy()` may be called by several
/// processors at once.
public struct SlabCache: ~Copyable {
  let core: Ref<SlabCore>

  /// Makes a cache of objects of `objectSize` bytes, 1 or more.
  ///
  /// - Parameters:
  ///   - alignment: A power of two; a machine word at least is kept.
  ///   - processors: How many the machine has: with more of them slabs get larger.
  ///
  /// Takes no slab yet, but memory to describe itself: throws when there is none. One processor
  /// at a time makes caches. Linux: `kmem_cache_create()`.
  public init(
    name: StaticString, objectSize: ByteCount, alignment: ByteCount = ByteCount(1),
    pages: Ref<PageAllocator>, processors: Int = 1
  ) throws(AllocationError) {
    let geometry = SlabGeometry(
      objectSize: objectSize, alignment: alignment,
      pageSize: pages.pointee.directMap.pageSize, processors: processors)
    core = try HeapRoot.of(pages).makeCore(name, geometry)
  }

  /// A slot for one object, aligned, with bytes of no meaning; cleared with `.zeroed`.
  ///
  /// Throws when no slab has a free slot and the page allocator gives none; nothing has changed
  /// then. O(1), O(slots) when a slab must be made. Linux: `kmem_cache_alloc()`.
  @inline(__always)
  public func allocate(
    flags: AllocationFlags = .kernel
  ) throws(AllocationError) -> UnsafeMutableRawPointer {
    try unsafe core.allocate(flags)
  }

  /// Takes an object back.
  ///
  /// Traps with a message on a pointer that is no object of this cache and, as far as it can be
  /// seen at once, on an object that is free. O(1). Linux: `kmem_cache_free()`.
  @inline(__always)
  public func free(_ object: UnsafeMutableRawPointer) {
    unsafe core.free(object)
  }

  /// Gives every empty slab back to the page allocator and says how many pages that made.
  ///
  /// Linux: `kmem_cache_shrink()`.
  @discardableResult
  public func shrink() -> PageCount { core.shrink() }

  /// Gives back every slab and the cache itself; it must not be used after.
  ///
  /// Throws, and leaves the cache whole, while objects live. Linux: `kmem_cache_destroy()`.
  public func destroy() throws(SlabCacheError) {
    try core.destroy()
  }

  public var name: StaticString { core.pointee.name }

  /// How slabs are cut.
  public var geometry: SlabGeometry { core.pointee.geometry }

  /// The order of a slab's block; less for slabs made when memory was short.
  public var order: Order { core.pointee.geometry.order }

  /// The slots of a slab of that order.
  public var objectsPerSlab: Int { geometry.objects(in: order) }

  /// The objects that live.
  public var activeObjects: Int { Int(core.pointee.node.withLock { $0.activeCount }) }

  /// The slots of all slabs.
  public var totalObjects: Int { Int(core.pointee.node.withLock { $0.objectCount }) }

  /// The slabs, full, partial and empty.
  public var slabCount: Int { Int(core.pointee.node.withLock { $0.slabCount }) }

  /// The frames of all slabs.
  public var pageCount: PageCount { core.pointee.node.withLock { $0.pageCount } }

  /// Which allocations shall fail although there is memory. Those that must not fail never do.
  public var faultPlan: FaultPlan {
    get { core.pointee.faults.plan }
    nonmutating set { core.pointee.faults.plan = newValue }
  }

  /// Traps unless counts, list and every slab agree. O(frames of the machine), under the lock.
  public func checkInvariants() { core.checkInvariants() }
}

extension Ref where Object == SlabCore {
  /// See `SlabCache.destroy()`.
  func destroy() throws(SlabCacheError) {
    _ = shrink()
    let active = pointee.node.withLock { $0.activeCount }
    guard active == 0 else { throw .objectsRemain(active) }
    HeapRoot.existing(pointee.pages)?.destroyCore(self)
  }
}
