internal import MemoryTypes

/// How a cache of the queued design cuts slabs and how long its queues are.
///
/// Linux: `__kmem_cache_create()`, `calculate_slab_order()`, `enable_cpucache()`, mm/slab.c (6.1).
struct QueuedPlan {
  /// Where the numbers of a slab's free objects are kept.
  enum Management: UInt8 {
    /// In the free object that will be handed out last. Linux: `CFLGS_OBJFREELIST_SLAB`.
    case inObject
    /// In memory of their own. Linux: `CFLGS_OFF_SLAB`.
    case offSlab
    /// At the end of the slab.
    case onSlab
  }

  let slotSize: UInt
  let order: Order
  let management: Management
  /// The objects of a slab.
  let count: Int
  /// The bytes of an object's number. Linux: `sizeof(freelist_idx_t)`.
  let indexSize: Int
  /// The places where the first object of a slab can stand, and their distance.
  let colours: Int
  let colourStep: UInt
  /// How many objects a processor keeps. Linux: `limit`.
  let limit: Int
  /// How many it gets or gives at once. Linux: `batchcount`.
  let batch: Int
  /// How many objects the processors of a node keep together.
  let sharedLimit: Int

  init(_ request: SlabRequest, of machine: HeapMachine) {
    let line: UInt = 64
    let step = request.keptAlignment
    // A number of one byte is enough where no slab of a page has more objects.
    indexSize = machine.pageSize.bytes.rawValue >> 8 <= Self.smallestSlot ? 1 : 2
    let zones = QueuedZones(request)
    let bytes = request.flags.isDebugging ? zones.size : request.objectSize.rawValue
    var slot = (bytes + step - 1) & ~(step - 1)
    if indexSize == 1 && slot < Self.smallestSlot {
      slot = (Self.smallestSlot + step - 1) & ~(step - 1)
    }
    slotSize = slot
    colourStep = max(line, step)
    // A watched object has no room for a list: its bytes tell who wrote over them.
    let keepsBytes =
      request.constructor != nil || request.flags.contains(.typeSafeByRCU)
      || request.flags.isDebugging
    let cut = QueuedCut.best(
      QueuedCut.Wish(
        slot: slot, object: request.objectSize.rawValue, indexSize: UInt(indexSize),
        keepsBytes: keepsBytes, isReclaimable: request.flags.contains(.reclaimable),
        pageSize: machine.pageSize))
    order = cut.order
    count = Int(cut.count)
    management = cut.management
    colours = Int(cut.rest / colourStep)
    limit = Self.limit(slot, machine.pageSize)
    batch = (limit + 1) / 2
    let isShared = slot <= machine.pageSize.bytes.rawValue && machine.processors > 1
    sharedLimit = isShared ? 8 * batch : 0
  }

  /// Linux: `SLAB_OBJ_MIN_SIZE`.
  static var smallestSlot: UInt { 32 }

  /// The largest `limit` there is.
  static var largestLimit: Int { 120 }

  /// How many objects a processor gets at once that has not used its own since they were last looked
  /// at. Linux: `BATCHREFILL_LIMIT`.
  static var idleBatch: Int { 16 }

  /// How many objects of another node a node keeps before it sends them home.
  static var alienLimit: Int { 12 }

  /// Linux: `enable_cpucache()`.
  private static func limit(_ size: UInt, _ pageSize: PageSize) -> Int {
    if size > 131_072 { return 1 }
    if size > pageSize.bytes.rawValue { return 8 }
    if size > 1024 { return 24 }
    return size > 256 ? 54 : largestLimit
  }
}

/// A way to cut a block into objects.
struct QueuedCut {
  struct Wish {
    let slot: UInt
    let object: UInt
    let indexSize: UInt
    let keepsBytes: Bool
    let isReclaimable: Bool
    let pageSize: PageSize
  }

  let order: Order
  let count: UInt
  /// Bytes that no object has.
  let rest: UInt
  let management: QueuedPlan.Management

  /// The first management that suits: each later one costs memory.
  static func best(_ wish: Wish) -> QueuedCut {
    if !wish.keepsBytes, let cut = fitting(wish, .inObject),
      cut.count * wish.indexSize <= wish.object
    {
      return cut
    }
    if let cut = fitting(wish, .offSlab), cut.rest < cut.count * wish.indexSize { return cut }
    guard let cut = fitting(wish, .onSlab) else { fatalError("objects too large for a slab") }
    return cut
  }

  /// The smallest order that wastes at most an eighth; not above 1 unless an object needs it.
  ///
  /// Linux: `calculate_slab_order()`, with the `slab_max_order` of machines above 32 MiB.
  private static func fitting(_ wish: Wish, _ management: QueuedPlan.Management) -> QueuedCut? {
    var last: QueuedCut?
    var order = Order.zero
    while order <= Order(10) {
      defer { order = order.next }
      let cut = QueuedCut(wish, order, management)
      if cut.count == 0 { continue }
      if cut.count > (1 << (8 * wish.indexSize)) - 1 { break }
      if management == .offSlab && cut.listSize(wish) > wish.slot / 2 { continue }
      last = cut
      let bytes = wish.pageSize.bytes(in: order.pageCount).rawValue
      if wish.isReclaimable || order >= Order(1) || cut.rest * 8 <= bytes { break }
    }
    return last
  }

  /// Linux: `cache_estimate()`.
  private init(_ wish: Wish, _ order: Order, _ management: QueuedPlan.Management) {
    let bytes = wish.pageSize.bytes(in: order.pageCount).rawValue
    let share = wish.slot + (management == .onSlab ? wish.indexSize : 0)
    self.order = order
    self.management = management
    count = bytes / share
    rest = bytes % share
  }

  /// What a list of numbers takes that has its own memory: a power of two, 32 at least.
  private func listSize(_ wish: Wish) -> UInt {
    max(1 &<< UInt(UInt.bitWidth - (count * wish.indexSize - 1).leadingZeroBitCount), 32)
  }
}
