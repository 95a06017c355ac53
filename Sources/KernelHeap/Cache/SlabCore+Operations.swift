internal import Machine
internal import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

/// The operations need the core's own address, so they are the reference's.
extension Ref where Object == SlabCore {
  /// The address of the design's state.
  @inline(__always)
  var body: UInt { address &+ UInt(bitPattern: SlabCore.bodyOffset) }

  /// A slot for one object; cleared with `.zeroed`. Linux: `kmem_cache_alloc()`.
  @inline(__always)
  func allocate(_ flags: AllocationFlags) throws(AllocationError) -> UnsafeMutableRawPointer {
    guard !flags.contains(.zeroed) else { return try unsafe allocateOtherwise(flags) }
    guard let object = unsafe findUncleared(flags) else { throw .outOfMemory }
    return unsafe object
  }

  /// As `allocate(_:)` when the caller knows that nothing is to be cleared; nil instead of an error.
  @inline(__always)
  func findUncleared(_ flags: AllocationFlags) -> UnsafeMutableRawPointer? {
    let attention = pointee.attention.load(ordering: .relaxed)
    if _fastPath(attention == 0) {
      let quick = SlubDesign(self).takePlainly(hasSpares: false)
      if quick != 0 { return unsafe UnsafeMutableRawPointer(bitPattern: quick) }
    } else if attention == SlabCore.hasSpares {
      let quick = SlubDesign(self).takePlainly(hasSpares: true)
      if quick != 0 { return unsafe UnsafeMutableRawPointer(bitPattern: quick) }
    } else if attention == SlabCore.isQueued {
      let quick = QueuedDesign(self).takePlainly()
      if quick != 0 { return unsafe UnsafeMutableRawPointer(bitPattern: quick) }
    }
    return unsafe findElsewhere(flags)
  }

  /// What the quick way has not, or a cache without one.
  @inline(never)
  private func findElsewhere(_ flags: AllocationFlags) -> UnsafeMutableRawPointer? {
    let slot: UInt?
    switch pointee.attention.load(ordering: .relaxed) {
    case 0, SlabCore.hasSpares: slot = try? SlubDesign(self).allocateSlowly(flags)
    case SlabCore.isQueued: slot = try? QueuedDesign(self).allocateSlowly(flags)
    default: return try? unsafe allocateOtherwise(flags)
    }
    guard let slot else { return nil }
    return unsafe UnsafeMutableRawPointer(bitPattern: slot)
  }

  /// Takes back an object of this cache. Linux: `kmem_cache_free()`.
  @inline(__always)
  func free(_ object: UnsafeMutableRawPointer) {
    let processor = pointee.pages.pointee.processors.index
    guard let (slab, offset) = pointee.window.slab(of: UInt(bitPattern: object)) else {
      return unsafe misuse(object)
    }
    unsafe free(object, in: slab, at: offset, by: processor)
  }

  /// As `free(_:)` when the caller knows the slab, where in it the object is, and which processor is
  /// at work.
  @inline(__always)
  func free(
    _ object: UnsafeMutableRawPointer, in slab: Ref<Page>, at offset: UInt, by processor: Int
  ) {
    let attention = pointee.attention.load(ordering: .relaxed)
    if _fastPath(attention == 0) {
      let object = UInt(bitPattern: object)
      SlubDesign(self).freePlainly(object, in: slab, at: offset, by: processor, hasSpares: false)
    } else if attention == SlabCore.hasSpares {
      let object = UInt(bitPattern: object)
      SlubDesign(self).freePlainly(object, in: slab, at: offset, by: processor, hasSpares: true)
    } else if attention == SlabCore.isQueued {
      let object = UInt(bitPattern: object)
      QueuedDesign(self).freePlainly(object, in: slab, at: offset, by: processor)
    } else {
      unsafe freeOtherwise(object, in: slab)
    }
  }

  @inline(never)
  private func freeOtherwise(_ object: UnsafeMutableRawPointer, in slab: Ref<Page>) {
    switch pointee.design {
    case .slub: SlubDesign(self).free(UInt(bitPattern: object), in: slab)
    case .slab: QueuedDesign(self).free(UInt(bitPattern: object), in: slab)
    case .slob: SlobDesign(self).free(UInt(bitPattern: object), in: slab)
    }
  }

  /// Gives every empty slab back; the pages that made.
  func shrink() -> PageCount {
    switch pointee.design {
    case .slub: SlubDesign(self).shrink()
    case .slab: QueuedDesign(self).shrink()
    case .slob: SlobDesign(self).shrink()
    }
  }

  var counts: SlabCounts {
    switch pointee.design {
    case .slub: SlubDesign(self).counts
    case .slab: QueuedDesign(self).counts
    case .slob: SlobDesign(self).counts
    }
  }

  func forEachObject(_ body: (UInt) -> Void) {
    switch pointee.design {
    case .slub: SlubDesign(self).forEachObject(body)
    case .slab: QueuedDesign(self).forEachObject(body)
    case .slob: SlobDesign(self).forEachObject(body)
    }
  }

  func checkInvariants() {
    switch pointee.design {
    case .slub: SlubDesign(self).checkInvariants()
    case .slab: QueuedDesign(self).checkInvariants()
    case .slob: SlobDesign(self).checkInvariants()
    }
  }

  func checkInvariants(of slab: Ref<Page>) {
    switch pointee.design {
    case .slub: SlubDesign(self).checkInvariants(of: slab)
    case .slab: QueuedDesign(self).checkInvariants(of: slab)
    case .slob: SlobDesign(self).checkInvariants(of: slab)
    }
  }

  func makeBody() {
    switch pointee.design {
    case .slub: SlubDesign(self).make()
    case .slab: QueuedDesign(self).make()
    case .slob: SlobDesign(self).make()
    }
  }

  @inline(never)
  private func allocateOtherwise(
    _ flags: AllocationFlags
  ) throws(AllocationError) -> UnsafeMutableRawPointer {
    let isCareful = pointee.attention.load(ordering: .relaxed) & SlabCore.isCareful != 0
    guard isCareful || flags.contains(.zeroed) else {
      let isQueued = pointee.design == .slab
      let slot =
        isQueued ? try QueuedDesign(self).allocate(flags) : try SlubDesign(self).allocate(flags)
      // SAFETY: a slot is never at address 0.
      return unsafe UnsafeMutableRawPointer(bitPattern: slot).unsafelyUnwrapped
    }
    return try unsafe allocateCarefully(flags)
  }

  private func allocateCarefully(
    _ flags: AllocationFlags
  ) throws(AllocationError) -> UnsafeMutableRawPointer {
    if pointee.faults.shouldFail() && !flags.contains(.noFail) { throw .outOfMemory }
    let slot =
      switch pointee.design {
      case .slub: try SlubDesign(self).allocate(flags)
      case .slab: try QueuedDesign(self).allocate(flags)
      case .slob: try SlobDesign(self).allocate(flags)
      }
    // SAFETY: a slot is never at address 0.
    let object = unsafe UnsafeMutableRawPointer(bitPattern: slot).unsafelyUnwrapped
    if flags.contains(.zeroed) {
      // SAFETY: the object is the caller's alone.
      unsafe object.initializeMemory(
        as: UInt8.self, repeating: 0, count: Int(pointee.objectSize.load(ordering: .relaxed)))
    }
    return unsafe object
  }

  /// Something was freed that is no object of any cache.
  @inline(never)
  private func misuse(_ object: UnsafeMutableRawPointer) {
    guard pointee.flags.isDebugging else { SlabMisuse.trapForeign() }
    if pointee.design == .slab {
      return QueuedDesign(self).misuse(UInt(bitPattern: object), in: nil)
    }
    SlubDesign(self).report(of: nil) {
      $0.found("Attempt to free object outside of slab", UInt(bitPattern: object))
    }
  }
}
