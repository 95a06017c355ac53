internal import MemoryTypes
internal import PhysicalMemory

/// All that a cache is, at one address for its life: its slabs point at it. Linux: `kmem_cache`.
struct SlabCore: ~Copyable {
  let name: StaticString
  let geometry: SlabGeometry
  let pages: Ref<PageAllocator>
  let node: SpinLock<SlabNode>
  let faults: FaultSwitch
  /// In the list of all caches.
  var link: ListLink<SlabCore>

  init(name: StaticString, geometry: SlabGeometry, pages: Ref<PageAllocator>) {
    self.name = name
    self.geometry = geometry
    self.pages = pages
    node = SpinLock(SlabNode(geometry))
    faults = FaultSwitch()
    link = ListLink()
  }
}

enum SlabCoreLinking: ListLinking {
  static func link(of core: Ref<SlabCore>) -> Ref<ListLink<SlabCore>> {
    // SAFETY: the link lives in the core, which leaves the list before it is destroyed.
    unsafe Ref(&core.pointee.link)
  }
}

/// The operations need the core's own address, so they are the reference's.
extension Ref where Object == SlabCore {
  /// A slot for one object; cleared with `.zeroed`. Linux: `kmem_cache_alloc()`.
  @inline(__always)
  func allocate(_ flags: AllocationFlags) throws(AllocationError) -> UnsafeMutableRawPointer {
    if pointee.faults.shouldFail() && !flags.contains(.noFail) { throw .outOfMemory }
    let slot: UInt
    if let free = pointee.node.withLock({ $0.take() }) {
      slot = free
    } else {
      slot = try takeFromNewSlab(flags)
    }
    // SAFETY: a slot is never at address 0.
    let object = unsafe UnsafeMutableRawPointer(bitPattern: slot).unsafelyUnwrapped
    if flags.contains(.zeroed) { unsafe clear(object) }
    return unsafe object
  }

  /// Takes back an object of this cache; traps on any other pointer. Linux: `kmem_cache_free()`.
  @inline(__always)
  func free(_ object: UnsafeMutableRawPointer) {
    guard let slab = unsafe pointee.pages.pointee.headPage(of: object) else {
      SlabMisuse.trapForeign()
    }
    unsafe free(object, in: slab)
  }

  /// As `free(_:)` when the caller knows the slab.
  @inline(__always)
  func free(_ object: UnsafeMutableRawPointer, in slab: Ref<Page>) {
    let slot = UInt(bitPattern: object)
    let start = unsafe UInt(bitPattern: pointee.pages.pointee.pointer(to: slab))
    guard slab.pointee.flags.contains(.slab), slab.slabCache == address,
      let index = pointee.geometry.slot(at: slot &- start)
    else {
      SlabMisuse.trapForeign()
    }
    let isSurplus = pointee.node.withLock { $0.put(slot, index, in: slab) }
    if isSurplus { giveBack(slab) }
  }

  /// Gives every empty slab back; the pages that made. O(slabs²) at worst, each pass under the lock.
  func shrink() -> PageCount {
    var sum = PageCount.zero
    while let slab = pointee.node.withLock({ $0.removeEmptySlab() }) {
      sum += slab.pointee.order.pageCount
      giveBack(slab)
    }
    return sum
  }

  private func clear(_ object: UnsafeMutableRawPointer) {
    let words = Int(pointee.geometry.slotSize.rawValue) / MemoryLayout<UInt>.size
    // SAFETY: the slot is the caller's alone and a whole number of aligned words.
    unsafe object.bindMemory(to: UInt.self, capacity: words).update(repeating: 0, count: words)
  }

  /// Linux: `___slab_alloc()`, `new_slab()`.
  @inline(never)
  private func takeFromNewSlab(_ flags: AllocationFlags) throws(AllocationError) -> UInt {
    let slab = try makeSlab(flags)
    return pointee.node.withLock { $0.takeAfterAdding(slab) }
  }

  /// A slab of the usual order, lightly asked for; else of the smallest. Linux: `allocate_slab()`.
  private func makeSlab(_ flags: AllocationFlags) throws(AllocationError) -> Ref<Page> {
    let wanted = flags.subtracting(.zeroed).union(.compound)
    let light = wanted.subtracting([.noFail, .directReclaim]).union([.noRetry, .noWarning])
    let geometry = pointee.geometry
    let slab: Ref<Page>
    if geometry.order > geometry.smallestOrder,
      let usual = try? pointee.pages.pointee.allocatePages(order: geometry.order, flags: light)
    {
      slab = usual
    } else {
      slab = try pointee.pages.pointee.allocatePages(order: geometry.smallestOrder, flags: wanted)
    }
    FreeSlot.format(slab, geometry, pointee.pages)
    slab.slabCache = address
    return slab
  }

  private func giveBack(_ slab: Ref<Page>) {
    slab.pointee.flags.remove(.slab)
    pointee.pages.pointee.freePages(slab, order: slab.pointee.order)
  }
}
