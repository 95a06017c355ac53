internal import Machine
internal import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

/// Where all caches of one machine are found. Linux: `slab_caches`, `kmem_cache`.
///
/// It is the first object of the cache of caches, whose core it holds: that cache describes
/// itself. Caches are made and destroyed by one processor at a time.
struct HeapRoot: ~Copyable {
  let caches: SpinLock<IntrusiveList<SlabCoreLinking>>
  /// Frames of kmalloc blocks too large for a slab.
  let largePages: Atomic<UInt>
  /// The cache of caches.
  var core: SlabCore

  private init(core: consuming SlabCore) {
    caches = SpinLock(IntrusiveList())
    largePages = Atomic(0)
    self.core = core
  }

  /// The root of the machine, made when it is first asked for.
  static func of(_ pages: Ref<PageAllocator>) throws(AllocationError) -> Ref<HeapRoot> {
    if let root = existing(pages) { return root }
    let geometry = SlabGeometry(
      objectSize: ByteCount(UInt(MemoryLayout<HeapRoot>.size)), alignment: ByteCount(64),
      pageSize: pages.pointee.directMap.pageSize)
    let slab = try pages.pointee.allocatePages(order: geometry.order, flags: [.kernel, .compound])
    FreeSlot.format(slab, geometry, pages)
    let core = SlabCore(name: "kmem_cache", geometry: geometry, pages: pages)
    let slot = core.node.withLock { $0.takeAfterAdding(slab) }
    // SAFETY: the slot is a root's size, aligned to a line, and the root's for its life.
    let place = unsafe UnsafeMutablePointer<HeapRoot>(bitPattern: slot).unsafelyUnwrapped
    unsafe place.initialize(to: HeapRoot(core: core))
    let root = unsafe Ref(place)
    slab.slabCache = root.core.address
    root.pointee.caches.withLock { $0.pushBack(root.core) }
    pages.pointee.heapRoot = slot
    return root
  }

  /// The root if there is one.
  static func existing(_ pages: Ref<PageAllocator>) -> Ref<HeapRoot>? {
    // SAFETY: only `of(_:)` and `releaseIfLast()` write the word.
    guard let place = unsafe UnsafeMutablePointer<HeapRoot>(bitPattern: pages.pointee.heapRoot)
    else { return nil }
    return unsafe Ref(place)
  }
}

extension Ref where Object == HeapRoot {
  /// The cache of caches.
  var core: Ref<SlabCore> {
    // SAFETY: the root never moves.
    unsafe Ref<SlabCore>(&pointee.core)
  }

  /// Puts a new cache up. Linux: `kmem_cache_create()`.
  func makeCore(
    _ name: StaticString, _ geometry: SlabGeometry
  ) throws(AllocationError) -> Ref<SlabCore> {
    let pages = pointee.core.pages
    let slot = unsafe try core.allocate(.kernel)
    // SAFETY: the slot is large enough for a root, and so for a core.
    let place = unsafe slot.bindMemory(to: SlabCore.self, capacity: 1)
    unsafe place.initialize(to: SlabCore(name: name, geometry: geometry, pages: pages))
    let made = unsafe Ref<SlabCore>(place)
    pointee.caches.withLock { $0.pushBack(made) }
    return made
  }

  /// Takes a cache down that has no slabs, and the root itself after the last one.
  ///
  /// Linux: `kmem_cache_release()`.
  func destroyCore(_ dead: Ref<SlabCore>) {
    pointee.caches.withLock { $0.remove(dead) }
    // SAFETY: no slab points at the core any more; nothing in it needs to be ended.
    unsafe core.free(UnsafeMutableRawPointer(dead.pointer))
    if pointee.caches.withLock({ $0.count }) == 1 { release() }
  }

  private func release() {
    let pages = pointee.core.pages
    _ = core.shrink()
    guard let slab = unsafe pages.pointee.headPage(of: UnsafeRawPointer(pointer)) else { return }
    pages.pointee.heapRoot = 0
    // The root was the last object of the last slab of the last cache; nothing in it has an end.
    slab.pointee.flags.remove(.slab)
    pages.pointee.freePages(slab, order: slab.pointee.order)
  }
}
