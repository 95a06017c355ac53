internal import Machine
internal import MemoryTypes
internal import PhysicalMemory

/// What all queues of a cache share.
struct QueuedState: ~Copyable {
  /// Whether no object can be of another node: read at each free.
  let hasOneNode: Bool
  let plan: QueuedPlan
  let pool: SpinLock<IndexListPool>

  init(_ plan: QueuedPlan, hasOneNode: Bool) {
    self.hasOneNode = hasOneNode
    self.plan = plan
    pool = SpinLock(IndexListPool(plan))
  }
}

/// Where the queues stand behind the core:
///
///     state | array of each processor | for each node: lists, shared array, array for each node
extension QueuedDesign {
  /// Of a processor.
  typealias OwnArray = ProcessorOwned<ObjectArray>
  /// Of a node, for objects of another.
  typealias LockedArray = SpinLock<ObjectArray>
  typealias LockedNode = SpinLock<QueuedNode>

  static func bodySize(of machine: HeapMachine) -> Int {
    let shared = machine.processors > 1 ? largestShared : 0
    return stateSize + machine.processors * ownArraySize
      + machine.nodes * nodeSize(shared, machine.nodes)
  }

  func make() {
    let plan = QueuedPlan(request, of: machine)
    unsafe state.pointer.initialize(to: QueuedState(plan, hasOneNode: nodeCount == 1))
    for index in 0..<core.pointee.processorCount {
      let row = unsafe Self.row(behind: array(index).address, MemoryLayout<OwnArray>.stride)
      unsafe array(index).pointer.initialize(
        to: ProcessorOwned(ObjectArray(row, limit: plan.limit)))
    }
    for index in 0..<nodeCount {
      let node = self.node(index)
      let row = unsafe Self.row(behind: node.address, MemoryLayout<LockedNode>.stride)
      let limit = (1 + processors(of: index)) * plan.batch + plan.count
      let shared = unsafe ObjectArray(row, limit: plan.sharedLimit)
      unsafe node.pointer.initialize(to: SpinLock(QueuedNode(freeLimit: limit, shared: shared)))
      for other in 0..<nodeCount {
        unsafe make(aliens(of: index, for: other), QueuedPlan.alienLimit)
      }
    }
  }

  var state: Ref<QueuedState> { unsafe at(core.body) }

  @inline(__always)
  func array(_ processor: Int) -> Ref<OwnArray> {
    precondition(
      UInt(bitPattern: processor) < UInt(bitPattern: core.pointee.processorCount),
      "no such processor")
    return unsafe at(
      core.body
        &+ UInt(
          bitPattern: Self.stateSize &+ processor &* Self.ownArraySize))
  }

  func node(_ index: Int) -> Ref<LockedNode> { unsafe at(nodePlace(index)) }

  /// What processors of one node have of objects of another. Linux: `struct alien_cache`.
  func aliens(of node: Int, for other: Int) -> Ref<LockedArray> {
    let place = Self.nodeHeaderSize(sharedCapacity) + other * Self.arraySize(QueuedPlan.alienLimit)
    return unsafe at(nodePlace(node) + UInt(place))
  }

  private func nodePlace(_ index: Int) -> UInt {
    let arrays = core.pointee.processorCount * Self.ownArraySize
    let before = index * Self.nodeSize(sharedCapacity, nodeCount)
    return core.body + UInt(Self.stateSize + arrays + before)
  }

  private var sharedCapacity: Int { core.pointee.processorCount > 1 ? Self.largestShared : 0 }

  private static var largestShared: Int { 8 * (QueuedPlan.largestLimit + 1) / 2 }

  private static var stateSize: Int { (MemoryLayout<QueuedState>.size + 63) & ~63 }

  private static var ownArraySize: Int {
    let row = QueuedPlan.largestLimit * MemoryLayout<UInt>.size
    return (MemoryLayout<OwnArray>.stride + row + 63) & ~63
  }

  private static func arraySize(_ limit: Int) -> Int {
    (MemoryLayout<LockedArray>.stride + limit * MemoryLayout<UInt>.size + 63) & ~63
  }

  private static func nodeHeaderSize(_ shared: Int) -> Int {
    (MemoryLayout<LockedNode>.stride + shared * MemoryLayout<UInt>.size + 63) & ~63
  }

  private static func nodeSize(_ shared: Int, _ nodes: Int) -> Int {
    nodeHeaderSize(shared) + nodes * arraySize(QueuedPlan.alienLimit)
  }

  @unsafe
  private func make(_ array: Ref<LockedArray>, _ limit: Int) {
    let row = unsafe Self.row(behind: array.address, MemoryLayout<LockedArray>.stride)
    unsafe array.pointer.initialize(to: SpinLock(ObjectArray(row, limit: limit)))
  }

  @unsafe
  private static func row(behind address: UInt, _ size: Int) -> UnsafeMutablePointer<UInt> {
    unsafe UnsafeMutablePointer(bitPattern: address + UInt(size)).unsafelyUnwrapped
  }

  @unsafe @inline(__always)
  private func at<Part: ~Copyable>(_ address: UInt) -> Ref<Part> {
    // SAFETY: the body has room for every part at its place; see `bodySize(of:)`.
    unsafe Ref(UnsafeMutablePointer(bitPattern: address).unsafelyUnwrapped)
  }

  /// Linux: `nr_cpus_node()`.
  private func processors(of node: Int) -> Int {
    var count = 0
    for processor in 0..<core.pointee.processorCount where nodeIndex(of: processor) == node {
      count += 1
    }
    return count
  }

  private var machine: HeapMachine {
    HeapMachine(core.pointee.pages, HeapOptions(design: .slab))
  }

  private var request: SlabRequest {
    SlabRequest(
      name: core.pointee.name, objectSize: core.pointee.geometry.objectSize,
      alignment: core.pointee.geometry.alignment, flags: core.pointee.flags,
      constructor: core.pointee.constructor)
  }
}
