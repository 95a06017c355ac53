internal import Machine
internal import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

/// A cache of the simple design: a size and an alignment, and how many objects live.
///
/// Objects of all caches share pages, so a cache has no slabs and cannot name its objects; the
/// cache of caches answers for all pages. Its own objects have their size in front, as those of
/// kmalloc have: whatever a page of small blocks does not know to be a cache's ends there.
struct SlobDesign: SlabDesigning {
  let core: Ref<SlabCore>

  init(_ core: Ref<SlabCore>) { self.core = core }

  static func bodySize(of machine: HeapMachine) -> Int { MemoryLayout<Atomic<UInt>>.size }

  static func geometry(_ request: SlabRequest, of machine: HeapMachine) -> SlabGeometry {
    let units = SlobUnits(machine.pageSize)
    let size = ByteCount(UInt(units.count(request.objectSize.rawValue)) * units.size)
    let isSmall = size < machine.pageSize.bytes
    return SlabGeometry(
      SlubDesign.geometry(request.withoutWatch, of: machine), slotSize: size,
      order: isSmall ? .zero : Order.holding(machine.pageSize.pages(in: size)), indexSize: 0)
  }

  func make() { unsafe living.pointer.initialize(to: Atomic(0)) }

  /// Linux: `slob_alloc_node()`.
  func allocate(_ flags: AllocationFlags) throws(AllocationError) -> UInt {
    guard let heap else { throw .outOfMemory }
    let geometry = core.pointee.geometry
    let wanted = flags.union(core.pointee.flags.ofPages.subtracting(.compound))
    let object: UInt
    if isOfCaches {
      object = try heap.allocateSized(
        geometry.objectSize.rawValue, alignment: geometry.alignment.rawValue, wanted)
    } else if isSmall {
      let request = SlobRequest(
        size: geometry.objectSize.rawValue, alignment: geometry.alignment.rawValue)
      object = try heap.allocate(request, wanted)
    } else {
      object = try allocateFrames(wanted)
    }
    core.pointee.constructor?(object)
    living.pointee.wrappingAdd(1, ordering: .relaxed)
    return object
  }

  /// For the cache of caches only: `size` bytes, less than a page with what stands in front, which
  /// `kfree` takes. Linux: `__do_kmalloc_node()`.
  func allocateSized(_ size: UInt, _ flags: AllocationFlags) throws(AllocationError) -> UInt {
    guard let heap else { throw .outOfMemory }
    let object = try heap.allocateSized(size, flags)
    living.pointee.wrappingAdd(1, ordering: .relaxed)
    return object
  }

  /// Linux: `__kmem_cache_free()`.
  func free(_ object: UInt, in slab: Ref<Page>) {
    guard let heap else { SlabMisuse.trapForeign() }
    if isOfCaches {
      heap.freeSized(object, in: slab)
    } else if isSmall {
      guard slab.slabCache == heap.root.pointee.core.address else { SlabMisuse.trapForeign() }
      heap.free(object, core.pointee.geometry.objectSize.rawValue, in: slab)
    } else {
      freeFrames(object, slab)
    }
    living.pointee.wrappingSubtract(1, ordering: .relaxed)
  }

  /// Nothing is kept that could go.
  func shrink() -> PageCount { .zero }

  var counts: SlabCounts {
    var counts = SlabCounts()
    counts.activeObjects = living.pointee.load(ordering: .relaxed)
    counts.totalObjects = counts.activeObjects
    if isOfCaches {
      counts.slabs = heap?.root.pointee.slob.withLock { $0.pageCount } ?? 0
      counts.pages = PageCount(counts.slabs)
    } else if !isSmall {
      counts.slabs = counts.activeObjects
      counts.pages = PageCount(counts.slabs * core.pointee.geometry.order.pageCount.rawValue)
    }
    return counts
  }

  /// Only objects with frames of their own can be told.
  func forEachObject(_ body: (UInt) -> Void) {
    guard !isSmall, !isOfCaches else { return }
    let pages = core.pointee.pages
    var frame = pages.pointee.pages.start
    while frame < pages.pointee.pages.end {
      let page = pages.pointee.pages[frame]
      if page.pointee.flags.contains(.slab) && page.slabCache == core.address {
        body(unsafe UInt(bitPattern: pages.pointee.pointer(to: page)))
      }
      frame = frame + PageCount(1)
    }
  }

  func checkInvariants() { heap?.checkInvariants() }

  func checkInvariants(of slab: Ref<Page>) {
    guard slab.slabCache == heap?.root.pointee.core.address else { return }
    heap?.checkInvariants(of: slab)
  }

  private func allocateFrames(_ flags: AllocationFlags) throws(AllocationError) -> UInt {
    let wanted = flags.subtracting([.zeroed, .movable, .highMemory]).union(.compound)
    let pages = core.pointee.pages
    let block = try pages.pointee.allocatePages(
      order: core.pointee.geometry.order, flags: wanted)
    block.pointee.flags.insert(.slab)
    block.pointee.flags.remove(.zeroFilled)
    block.slabCache = core.address
    return unsafe UInt(bitPattern: pages.pointee.pointer(to: block))
  }

  private func freeFrames(_ object: UInt, _ block: Ref<Page>) {
    let pages = core.pointee.pages
    let start = unsafe UInt(bitPattern: pages.pointee.pointer(to: block))
    guard block.slabCache == core.address, start == object else { SlabMisuse.trapForeign() }
    block.pointee.flags.remove(.slab)
    pages.pointee.freePages(block, order: core.pointee.geometry.order)
  }

  private var heap: SlobHeap? { HeapRoot.existing(core.pointee.pages).map { SlobHeap($0) } }

  private var isOfCaches: Bool {
    HeapRoot.existing(core.pointee.pages)?.pointee.core == core
  }

  private var isSmall: Bool {
    core.pointee.geometry.objectSize < core.pointee.pages.pointee.directMap.pageSize.bytes
  }

  private var living: Ref<Atomic<UInt>> {
    // SAFETY: the body is one atomic word.
    unsafe Ref(UnsafeMutablePointer(bitPattern: core.body).unsafelyUnwrapped)
  }
}
