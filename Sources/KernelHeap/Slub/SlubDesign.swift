internal import Machine
internal import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

/// The unqueued design: free objects are chained through themselves, slab by slab, and a processor
/// takes from a slab of its own.
struct SlubDesign: SlabDesigning {
  let core: Ref<SlabCore>

  @inline(__always)
  init(_ core: Ref<SlabCore>) { self.core = core }

  static func bodySize(of machine: HeapMachine) -> Int {
    let rows = machine.processors * SlubLists.rowStride(machine.options.spareObjects)
    return machine.processors * SlubLists.stride + machine.nodes * SlubNode.stride + rows
  }

  static func geometry(_ request: SlabRequest, of machine: HeapMachine) -> SlabGeometry {
    SlabGeometry(
      request, pageSize: machine.pageSize, processors: request.processors ?? machine.processors,
      hasPerCPUPartial: machine.options.hasPerCPUPartialSlabs)
  }

  func make() {
    var row = node(nodeCount).address
    for index in 0..<core.pointee.processorCount {
      unsafe processor(index).pointer.initialize(to: SlubProcessor(SlubLists(row: row)))
      row += UInt(SlubLists.rowStride(Int(core.pointee.spareCapacity)))
    }
    for index in 0..<nodeCount { unsafe node(index).pointer.initialize(to: SlubNode()) }
  }

  /// The object freed last, or the first of the processor's own list; nil when it has none, or
  /// somebody else wants its lists. Whatever the cache's options.
  func takeQuickly() -> UInt? {
    let source = self.source
    let processor = self.processor(source.index)
    guard processor.pointee.gate.enter(source) else { return nil }
    defer { processor.pointee.gate.leave() }
    if core.pointee.spareCapacity != 0, let spare = processor.takeSpare() { return spare }
    let first = processor.value().pointee.first
    guard first != 0 else { return nil }
    processor.value().pointee.first = core.nextFree(after: first)
    return first
  }

  func allocate(_ flags: AllocationFlags) throws(AllocationError) -> UInt {
    if core.pointee.flags.isDebugging { return try allocateWatched(flags) }
    if let object = takeQuickly() { return object }
    return try allocateSlowly(flags)
  }

  func free(_ object: UInt, in slab: Ref<Page>) {
    guard isObject(object, of: slab) else { return misuse(object, in: slab) }
    if core.pointee.flags.isDebugging { return freeSlowly(object, in: slab) }
    let hasSpares = core.pointee.spareCapacity != 0
    freeQuickly(object, in: slab, by: source.index, isPlain: false, hasSpares: hasSpares)
  }

  func shrink() -> PageCount {
    let before = pageCount
    flush()
    for index in 0..<nodeCount { giveBackEmptySlabs(of: node(index)) }
    let after = pageCount
    return after < before ? before - after : .zero
  }

  /// Whether `object` is where an object of this cache starts.
  @inline(__always)
  func isObject(_ object: UInt, of slab: Ref<Page>) -> Bool {
    let offset = object &- core.pointee.window.address(of: slab) &- core.pointee.geometry.leftZone
    return slab.slabCache == core.address && core.pointee.geometry.slot(at: offset) != nil
  }

  /// Who says which processor is at work, and what is promised of its number.
  @inline(__always)
  var source: ProcessorSource { core.pointee.pages.pointee.processors }

  /// The state of the processor at work.
  @inline(__always)
  var processor: Ref<SlubProcessor> { processor(source.index) }

  @inline(__always)
  func processor(_ index: Int) -> Ref<SlubProcessor> {
    precondition(
      UInt(bitPattern: index) < UInt(bitPattern: core.pointee.processorCount), "no such processor")
    let address = core.body &+ UInt(bitPattern: index &* SlubLists.stride)
    // SAFETY: the body begins with one for each processor.
    return unsafe Ref(UnsafeMutablePointer(bitPattern: address).unsafelyUnwrapped)
  }

  var nodeCount: Int { max(core.pointee.pages.pointee.nodes.count, 1) }

  func node(_ index: Int) -> Ref<SlubNode> {
    let address =
      core.body &+ UInt(bitPattern: core.pointee.processorCount &* SlubLists.stride)
      &+ UInt(bitPattern: index &* SlubNode.stride)
    // SAFETY: behind the processors the body has one for each node.
    return unsafe Ref(UnsafeMutablePointer(bitPattern: address).unsafelyUnwrapped)
  }

  func node(of slab: Ref<Page>) -> Ref<SlubNode> { node(Int(slab.pointee.node)) }

  /// How many partial slabs a processor keeps: half full ones that have the objects it may keep.
  ///
  /// Linux: `cpu_partial_slabs`.
  @inline(__always)
  var perCPUPartialSlabs: Int { core.pointee.geometry.perCPUPartialSlabs }

  private var pageCount: PageCount {
    var sum: UInt = 0
    for index in 0..<nodeCount { sum &+= node(index).pointee.pages.load(ordering: .relaxed) }
    return PageCount(sum)
  }
}
