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
// Unlike Linux, which turns interrupts off, a processor's array has a lock: threads of a host may
// play one processor.
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
    guard isWatched else { return try take(flags) }
    while true {
      let object = try take(flags)
      if handOutWatched(object) { return object }
    }
  }

  private func take(_ flags: AllocationFlags) throws(AllocationError) -> UInt {
    let processor = core.pointee.pages.pointee.processors.index
    let object = array(processor).pointee.withLock { array -> UInt? in
      array.isTouched = true
      return array.popLast()
    }
    if let object { return object }
    return try allocateSlowly(flags, processor)
  }

  /// Linux: `___cache_free()`.
  func free(_ object: UInt, in slab: Ref<Page>) {
    guard number(of: object, in: slab) != nil else { return misuse(object, in: slab) }
    if isWatched && !takeBackWatched(object) { return }
    let processor = core.pointee.pages.pointee.processors.index
    let home = Int(slab.pointee.node)
    if nodeCount > 1, home != nodeIndex(of: processor) {
      return freeAlien(object, home, nodeIndex(of: processor))
    }
    var surplus = array(processor).pointee.withLock { array -> PageList in
      guard array.last != object else { SlabMisuse.trapFreedTwice() }
      let surplus = array.isFull ? flush(&array, home) : PageList()
      array.push(object)
      return surplus
    }
    if !surplus.isEmpty { giveBack(&surplus) }
  }

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
    unsafe UInt(bitPattern: core.pointee.pages.pointee.pointer(to: slab)) &+ slab.colourOffset
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
