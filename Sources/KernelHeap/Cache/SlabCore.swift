internal import Machine
internal import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

/// All that a cache is, at one address for its life: its slabs point at it, and the state of its
/// design stands right behind it. Linux: `kmem_cache`.
struct SlabCore: ~Copyable {
  /// Which way is enough: 0 for the plain one of the unqueued design, `hasSpares` for the same with
  /// spare objects, `isQueued` for that of the queued one. In the first cache line, as is all that the
  /// quick path reads.
  let attention: Atomic<UInt>
  let pages: Ref<PageAllocator>
  /// What links of free objects are mangled with; 0: they are not.
  let linkKey: UInt
  let processorCount: Int
  /// How many free objects of any slabs a processor keeps.
  let spareCapacity: UInt
  let window: SlabWindow
  let geometry: SlabGeometry
  /// In bytes, the largest of those that caches of other names want that share the slots.
  /// Linux: `s->object_size`.
  let objectSize: Atomic<UInt>
  let design: SlabDesign
  let name: StaticString
  let flags: SlabFlags
  let constructor: SlabConstructor?
  let userWindow: Range<UInt>
  let faults: FaultSwitch
  /// How many findings were reported.
  let findings: Atomic<UInt>
  /// How many caches this one stands for, with itself. Linux: `refcount`.
  let shares: Atomic<Int>
  /// In the list of all caches, or of all aliases.
  var link: ListLink<SlabCore>
  /// Of an alias: the cache behind it.
  let target: Ref<SlabCore>?

  init(
    _ request: SlabRequest, _ geometry: SlabGeometry, _ machine: HeapMachine, linkKey: UInt,
    pages: Ref<PageAllocator>, target: Ref<SlabCore>? = nil
  ) {
    let flags = request.flags
    attention = Atomic(Self.attention(machine.options, flags, linkKey: linkKey))
    self.pages = pages
    window = SlabWindow(pages)
    self.linkKey = linkKey
    spareCapacity = flags.isDebugging ? 0 : UInt(machine.options.spareObjects)
    processorCount = machine.processors
    self.geometry = geometry
    objectSize = Atomic(geometry.objectSize.rawValue)
    design = machine.options.design
    name = request.name
    self.flags = flags
    constructor = request.constructor
    userWindow = request.userWindow
    faults = FaultSwitch()
    findings = Atomic(0)
    shares = Atomic(1)
    link = ListLink()
    self.target = target
  }

  /// The queued design without options.
  static var isQueued: UInt { 1 }
  /// The unqueued design with mangled links.
  static var isMangled: UInt { 2 }
  /// The simple design, a watched cache, or one with a fault plan.
  static var isCareful: UInt { 4 }

  /// The unqueued design whose processors keep spare objects.
  static var hasSpares: UInt { 8 }

  private static func attention(
    _ options: HeapOptions, _ flags: SlabFlags, linkKey: UInt
  ) -> UInt {
    if flags.isDebugging { return isCareful }
    switch options.design {
    case .slub:
      return linkKey != 0 ? isMangled : options.spareObjects > 0 ? hasSpares : 0
    case .slab: return isQueued
    case .slob: return isCareful
    }
  }

  /// How many bytes the user of an object may write: under SLUB up to what the heap itself keeps in
  /// the slot while the object lives. Linux: `slab_ksize()`, of 6.12 and 6.1.
  var usableSize: ByteCount {
    guard design == .slub, flags.isDisjoint(with: [.redZoned, .poisoned]) else {
      return ByteCount(objectSize.load(ordering: .relaxed))
    }
    let keepsMore = !flags.isDisjoint(with: [.typeSafeByRCU, .tracksUsers])
    return keepsMore ? ByteCount(geometry.innerSize) : geometry.slotSize
  }

  /// Where the state of the design begins, counted from the core: at a cache line.
  @inline(__always)
  static var bodyOffset: Int { (MemoryLayout<SlabCore>.size &+ 63) & ~63 }

  /// The bytes of a core with its body.
  static func size(_ machine: HeapMachine) -> ByteCount {
    let body =
      switch machine.options.design {
      case .slub: SlubDesign.bodySize(of: machine)
      case .slab: QueuedDesign.bodySize(of: machine)
      case .slob: SlobDesign.bodySize(of: machine)
      }
    let size = max(bodyOffset + body, MemoryLayout<KmallocTable>.size)
    return ByteCount(UInt((size + 63) & ~63))
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
