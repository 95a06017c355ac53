// The queued design: objects pass through queues on their way from slabs to users and back.
//
//   user <-> array of the processor <-> shared array of the node <-> slabs of the node
//                     \-> array for another node's objects --------> its shared array, its slabs
//
// A slab's free objects are numbers in a list (one byte each, or two); the slab's page counts how
// many are handed out, and the list has the others' numbers from that place on. The list stands in
// a free object, at the slab's end, or in memory of its own. What is over at the end of a slab
// moves the first object of every slab on by another cache line: its colour.
//
// Where Linux turns interrupts off, a processor says that it is at work (`ProcessorOwned`).
//
// Invariants: a slab is in the list that its count asks for; the numbers of free objects differ and
// are below the count of slots; free objects of a node = sum over its slabs; what stands in an
// array is an object, and no slab counts it as free.
//
// Lock order: a processor's array, or one for another node; then a node; then the pool of lists.
// Frames are asked for and given back without any.
//
// Linux: mm/slab.c (6.1). Bonwick and Adams, Magazines and Vmem, USENIX 2001.
internal import Machine
internal import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

/// A cache with queues; see above.
struct QueuedDesign: SlabDesigning {
  let core: Ref<SlabCore>

  @inline(__always)
  init(_ core: Ref<SlabCore>) { self.core = core }

  static func geometry(_ request: SlabRequest, of machine: HeapMachine) -> SlabGeometry {
    let plan = QueuedPlan(request, of: machine)
    let plain = SlubDesign.geometry(request.withoutWatch, of: machine)
    let zones = QueuedZones(request)
    return SlabGeometry(
      plain, slotSize: ByteCount(plan.slotSize), order: plan.order,
      indexSize: plan.management == .onSlab ? UInt(plan.indexSize) : 0, leftZone: zones.left,
      trackOffset: zones.userOffset)
  }

  /// Linux: `____cache_alloc()`.
  func allocate(_ flags: AllocationFlags) throws(AllocationError) -> UInt {
    while true {
      let quick = takePlainly()
      let object = quick != 0 ? quick : try allocateSlowly(flags)
      if !isWatched || handOutWatched(object) { return object }
    }
  }

  /// The object freed last of those that the processor has; 0 when it has none, or somebody else
  /// wants them.
  @inline(__always)
  func takePlainly() -> UInt {
    let array = self.array(source.index)
    guard array.pointee.gate.enter(source) else { return 0 }
    let object = array.value().pointee.popLast()
    if object != nil { array.value().pointee.isTouched = true }
    array.pointee.gate.leave()
    return object ?? 0
  }

  /// Linux: `___cache_free()`.
  func free(_ object: UInt, in slab: Ref<Page>) {
    guard number(of: object, in: slab) != nil else { return misuse(object, in: slab) }
    if isWatched && !takeBackWatched(object) { return }
    freeObject(object, in: slab, by: source.index)
  }

  /// As `free(_:in:)` where nobody watches and the caller knows where in its slab the object is.
  @inline(__always)
  func freePlainly(
    _ object: UInt, in slab: Ref<Page>, at offset: UInt, by processor: Int
  ) {
    guard slab.slabCache == core.address,
      core.pointee.geometry.isSlot(at: offset &- slab.colourOffset)
    else { return misuse(object, in: slab) }
    freeObject(object, in: slab, by: processor)
  }

  @inline(__always)
  private func freeObject(_ object: UInt, in slab: Ref<Page>, by processor: Int) {
    guard state.pointee.hasOneNode || Int(slab.pointee.node) == nodeIndex(of: processor) else {
      return freeAlien(object, in: slab, from: nodeIndex(of: processor))
    }
    let array = self.array(processor)
    guard array.pointee.gate.enter(source) else { return freeSlowly(object, in: slab) }
    let isKept = array.value().pointee.keep(object)
    array.pointee.gate.leave()
    if !isKept { freeSlowly(object, in: slab) }
  }

  /// Who says which processor is at work, and what is promised of its number.
  @inline(__always)
  var source: ProcessorSource { core.pointee.pages.pointee.processors }

  /// The number of the object that starts at an address; nil for the middle of one.
  @inline(__always)
  func number(of object: UInt, in slab: Ref<Page>) -> Int? {
    guard slab.slabCache == core.address,
      let number = core.pointee.geometry.slot(at: object &- firstObject(of: slab)),
      number < state.pointee.plan.count
    else { return nil }
    return number
  }

  @inline(__always)
  func firstObject(of slab: Ref<Page>) -> UInt {
    core.pointee.window.address(of: slab) &+ slab.colourOffset
      &+ core.pointee.geometry.leftZone
  }

  var nodeCount: Int { max(core.pointee.pages.pointee.nodes.count, 1) }

  func nodeIndex(of processor: Int) -> Int {
    core.pointee.pages.pointee.node(ofProcessor: processor)
  }
}

extension SlabRequest {
  /// Without what only the unqueued design can do.
  var withoutWatch: SlabRequest {
    var request = self
    request.flags.subtract(.fullDebugging)
    return request
  }
}
