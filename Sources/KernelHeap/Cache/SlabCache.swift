internal import Machine
public import MemoryTypes
public import PhysicalMemory
internal import Synchronization

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
  /// The record of this cache's name where it shares the slabs of another.
  let alias: Ref<SlabCore>?

  /// Makes a cache of objects of `objectSize` bytes, 1 or more.
  ///
  /// - Parameters:
  ///   - alignment: A power of two; a machine word at least is kept.
  ///   - processors: For how many processors slabs are cut: with more of them they get larger. Nil
  ///     for those that the machine has.
  ///
  /// Takes no slab yet, but memory to describe itself: throws when there is none. One processor
  /// at a time makes caches. Linux: `kmem_cache_create()`.
  public init(
    name: StaticString, objectSize: ByteCount, alignment: ByteCount = ByteCount(1),
    pages: Ref<PageAllocator>, processors: Int? = nil
  ) throws(AllocationError) {
    var request = SlabRequest(name: name, objectSize: objectSize, alignment: alignment)
    request.processors = processors
    try self.init(request, pages: pages)
  }

  /// Makes a cache as `request` says, or finds one that serves, if the heap merges caches.
  ///
  /// Otherwise as the other initialiser. Linux: `__kmem_cache_create_args()`.
  public init(_ request: SlabRequest, pages: Ref<PageAllocator>) throws(AllocationError) {
    let made = try HeapRoot.of(pages).makeCore(request)
    core = made.pointee.target ?? made
    alias = made.pointee.target == nil ? nil : made
  }

  /// A slot for one object, aligned, with bytes of no meaning, or as the constructor left them;
  /// cleared with `.zeroed`.
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
  /// seen at once, on an object that is free; a cache that is watched reports instead.
  /// O(1). Linux: `kmem_cache_free()`.
  @inline(__always)
  public func free(_ object: UnsafeMutableRawPointer) {
    unsafe core.free(object)
  }

  /// Fills `objects` with as many objects; throws with none of them taken when one cannot be had.
  ///
  /// Linux: `kmem_cache_alloc_bulk()`.
  public func allocate(
    filling objects: UnsafeMutableBufferPointer<UnsafeMutableRawPointer?>,
    flags: AllocationFlags = .kernel
  ) throws(AllocationError) {
    var count = 0
    do throws(AllocationError) {
      while count < objects.count {
        unsafe objects[count] = try core.allocate(flags)
        count += 1
      }
    } catch {
      for index in objects.indices {
        if index < count, let object = unsafe objects[index] { unsafe core.free(object) }
        unsafe objects[index] = nil
      }
      throw error
    }
  }

  /// Takes all of `objects` back; nil ones are skipped. Linux: `kmem_cache_free_bulk()`.
  public func free(contentsOf objects: UnsafeBufferPointer<UnsafeMutableRawPointer?>) {
    for index in objects.indices {
      if let object = unsafe objects[index] { unsafe core.free(object) }
    }
  }

  /// Gives every empty slab back to the page allocator and says how many pages that made.
  ///
  /// Linux: `kmem_cache_shrink()`.
  @discardableResult
  public func shrink() -> PageCount { core.shrink() }

  /// Gives back every slab and the cache itself; it must not be used after.
  ///
  /// Throws, and leaves the cache whole, while objects live: they are reported, and
  /// `forEachObject(_:)` names them. Of a shared cache only the name goes. Linux: `kmem_cache_destroy()`.
  public func destroy() throws(SlabCacheError) {
    try core.destroy(alias: alias)
  }

  /// Calls `body` with each object that lives, in the order of their addresses.
  ///
  /// While nobody allocates or frees. O(frames of the machine).
  /// Linux: `list_slab_objects()`.
  public func forEachObject(_ body: (UnsafeMutableRawPointer) -> Void) {
    core.forEachObject { address in
      // SAFETY: an object is never at address 0.
      unsafe body(UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped)
    }
  }
}

extension Ref where Object == SlabCore {
  /// See `SlabCache.destroy()`.
  func destroy(alias: Ref<SlabCore>? = nil) throws(SlabCacheError) {
    guard let root = HeapRoot.existing(pointee.pages) else { return }
    if pointee.shares.load(ordering: .relaxed) == 1 {
      _ = shrink()
      let active = counts.activeObjects
      guard active == 0 else {
        reportRemainingObjects(active)
        throw .objectsRemain(active)
      }
    }
    if let alias { root.destroyAlias(alias) }
    let left = pointee.shares.wrappingSubtract(1, ordering: .relaxed).newValue
    if left == 0 { root.destroyCore(self) }
  }
}
