internal import Machine
internal import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

/// Where all caches of one machine are found. Linux: `slab_caches`, `kmem_cache`.
///
/// It has a block of frames of its own, in which the cache of caches stands behind it. Caches are
/// made and destroyed by one processor at a time.
struct HeapRoot: ~Copyable {
  let options: HeapOptions
  /// Whether somebody booted the heap, and so says when it ends; else it goes with its last cache.
  let wasBooted: Bool
  let caches: SpinLock<IntrusiveList<SlabCoreLinking>>
  /// Further names of caches that share slabs.
  let aliases: SpinLock<IntrusiveList<SlabCoreLinking>>
  /// Frames of kmalloc blocks too large for a slab.
  let largePages: Atomic<UInt>
  /// The pages of the simple design.
  let slob: SpinLock<SlobLists>
  /// How many tables of kmalloc stand in slots of the cache of caches.
  let tables: Atomic<Int>
  /// What the random parts of caches are drawn from.
  let generator: SpinLock<SeededGenerator>
  /// The cache of caches.
  let core: Ref<SlabCore>

  private init(_ options: HeapOptions, wasBooted: Bool, core: Ref<SlabCore>) {
    self.options = options
    self.wasBooted = wasBooted
    caches = SpinLock(IntrusiveList())
    aliases = SpinLock(IntrusiveList())
    largePages = Atomic(0)
    slob = SpinLock(SlobLists())
    tables = Atomic(0)
    generator = SpinLock(SeededGenerator(seed: options.seed))
    self.core = core
  }

  /// The root of the machine, made with the usual options when it is first asked for.
  static func of(_ pages: Ref<PageAllocator>) throws(AllocationError) -> Ref<HeapRoot> {
    if let root = existing(pages) { return root }
    return try make(pages, HeapOptions(), wasBooted: false)
  }

  /// The root if there is one.
  static func existing(_ pages: Ref<PageAllocator>) -> Ref<HeapRoot>? {
    // SAFETY: only `make(_:_:)` and `release()` write the word.
    guard let place = unsafe UnsafeMutablePointer<HeapRoot>(bitPattern: pages.pointee.heapRoot)
    else { return nil }
    return unsafe Ref(place)
  }

  static func make(
    _ pages: Ref<PageAllocator>, _ options: HeapOptions, wasBooted: Bool
  ) throws(AllocationError) -> Ref<HeapRoot> {
    let machine = HeapMachine(pages, options)
    let coreSize = SlabCore.size(machine)
    let order = Order.holding(machine.pageSize.pages(in: ByteCount(offset + coreSize.rawValue)))
    let block = try pages.pointee.allocatePages(order: order, flags: [.kernel, .compound])
    let start = unsafe UInt(bitPattern: pages.pointee.pointer(to: block))
    var request = SlabRequest(
      name: "kmem_cache", objectSize: coreSize, alignment: ByteCount(64), flags: .unmergeable)
    request.processors = 1
    let geometry = machine.geometry(request)
    // SAFETY: the block is large enough for both, aligned to a page, and the root's for its life.
    let core = unsafe SlabCore.put(
      SlabCore(request, geometry, machine, linkKey: 0, pages: pages), at: start + offset)
    let place = unsafe UnsafeMutablePointer<HeapRoot>(bitPattern: start).unsafelyUnwrapped
    unsafe place.initialize(to: HeapRoot(options, wasBooted: wasBooted, core: core))
    pages.pointee.heapRoot = start
    let root = unsafe Ref(place)
    root.pointee.caches.withLock { $0.pushBack(core) }
    return root
  }

  /// Where the cache of caches stands, counted from the root.
  private static var offset: UInt { UInt((MemoryLayout<HeapRoot>.size + 63) & ~63) }
}

extension SlabCore {
  /// Moves a new core to its place and makes its body there.
  @unsafe
  static func put(_ core: consuming SlabCore, at address: UInt) -> Ref<SlabCore> {
    let place = unsafe UnsafeMutablePointer<SlabCore>(bitPattern: address).unsafelyUnwrapped
    unsafe place.initialize(to: core)
    let made = unsafe Ref<SlabCore>(place)
    made.makeBody()
    return made
  }
}

extension HeapMachine {
  /// How the design cuts slabs.
  func geometry(_ request: SlabRequest) -> SlabGeometry {
    switch options.design {
    case .slub: SlubDesign.geometry(request, of: self)
    case .slab: QueuedDesign.geometry(request, of: self)
    case .slob: SlobDesign.geometry(request, of: self)
    }
  }

  init(_ pages: Ref<PageAllocator>, _ options: HeapOptions) {
    pageSize = pages.pointee.directMap.pageSize
    processors = pages.pointee.options.processors
    nodes = max(pages.pointee.nodes.count, 1)
    self.options = options
  }
}

extension Ref where Object == HeapRoot {
  var pages: Ref<PageAllocator> { pointee.core.pointee.pages }

  var machine: HeapMachine { HeapMachine(pages, pointee.options) }

  /// The frames of the root's own block.
  var pageCount: PageCount {
    guard let block = unsafe pages.pointee.headPage(of: UnsafeRawPointer(pointer)) else {
      return .zero
    }
    return block.pointee.order.pageCount
  }

  /// Puts a new cache up, or a new name for one that will do. Linux: `kmem_cache_create()`.
  func makeCore(_ wanted: SlabRequest) throws(AllocationError) -> Ref<SlabCore> {
    var request = wanted
    request.flags.formUnion(pointee.options.debugging)
    if !pointee.options.design.abilities.contains(.watching) {
      request.flags.subtract(.fullDebugging)
    }
    let geometry = self.geometry(request)
    do throws(AllocationError) {
      if let shared = mergeable(request, geometry) {
        return try makeAlias(request, geometry, of: shared)
      }
      return try makeOwnCore(request, geometry)
    } catch {
      if !pointee.wasBooted { releaseIfUnused() }
      throw error
    }
  }

  private func makeOwnCore(
    _ request: SlabRequest, _ geometry: SlabGeometry
  ) throws(AllocationError) -> Ref<SlabCore> {
    let key = pointee.options.hardensFreeLists ? UInt(truncatingIfNeeded: draw()) | 1 : 0
    let slot = unsafe UInt(bitPattern: try pointee.core.allocate(.kernel))
    // SAFETY: a slot of the cache of caches holds a core with its body.
    let made = unsafe SlabCore.put(
      SlabCore(request, geometry, machine, linkKey: key, pages: pages), at: slot)
    pointee.caches.withLock { $0.pushBack(made) }
    return made
  }

  /// Takes a cache down that has no slabs, and the root itself after the last one.
  ///
  /// Linux: `kmem_cache_release()`.
  func destroyCore(_ dead: Ref<SlabCore>) {
    pointee.caches.withLock { $0.remove(dead) }
    // SAFETY: no slab points at the core any more; nothing in it needs to be ended.
    unsafe pointee.core.free(UnsafeMutableRawPointer(dead.pointer))
    if !pointee.wasBooted { releaseIfUnused() }
  }

  /// Gives the root back unless there is a cache.
  func releaseIfUnused() {
    guard pointee.caches.withLock({ $0.count }) == 1,
      pointee.tables.load(ordering: .relaxed) == 0
    else { return }
    let pages = self.pages
    _ = pointee.core.shrink()
    guard let block = unsafe pages.pointee.headPage(of: UnsafeRawPointer(pointer)) else { return }
    pages.pointee.heapRoot = 0
    // Nothing in the root has an end.
    pages.pointee.freePages(block, order: block.pointee.order)
  }

  func draw() -> UInt64 { pointee.generator.withLock { $0.next() } }

  private func geometry(_ request: SlabRequest) -> SlabGeometry {
    machine.geometry(request)
  }
}
