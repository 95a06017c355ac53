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
