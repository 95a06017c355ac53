public import MemoryTypes

/// How a cache cuts its slabs: derived once from the object's size. Linux: `calculate_sizes()`.
public struct SlabGeometry: Hashable, Sendable {
  /// What the caller asked for, in bytes.
  public let objectSize: ByteCount
  /// What a slot takes: the object with all that surrounds it, rounded up to the alignment.
  public let slotSize: ByteCount
  /// What objects are aligned to, a word at least.
  public let alignment: ByteCount
  /// The order of a slab's block.
  public let order: Order
  /// The smallest order that holds one slot: what is used when memory is short.
  public let smallestOrder: Order
  /// How many partial slabs a node keeps before it gives empty ones back. Linux: `min_partial`.
  public let minimumPartial: Int
  /// How many free objects a processor keeps in partial slabs. Linux: `cpu_partial`.
  public let perCPUPartial: Int
  /// The same in slabs that are half full. Linux: `cpu_partial_slabs`.
  let perCPUPartialSlabs: Int
  /// Where in a slot the address of the next free object stands, counted from the object: in its
  /// middle, far from the ends that a neighbour's overrun hits first; behind it where a free object
  /// has to keep its bytes.
  let linkOffset: UInt
  /// The bytes in front of the object that tell of an overrun of the slot before.
  let leftZone: UInt
  /// Where the object with its right red zone ends. Linux: `inuse`.
  let innerSize: UInt
  /// Where the users stand, counted from the object; 0 for none.
  let trackOffset: UInt
  /// What a slab keeps beside each slot, at its end.
  let indexSize: UInt
  /// 2^40 / slot size, rounded up: divides offsets below 2^23 without a division.
  private let reciprocal: UInt64
  /// Of the slot size's odd part, modulo the word; how many factors of two are beside it; and the
  /// number of slots in a slab of `order`.
  private let inverse: UInt
  private let evenBits: UInt
  private let slots: UInt
  private let pageSize: PageSize

  /// The geometry of objects of `objectSize` bytes, 1 or more, aligned to `alignment`, a power of
  /// two, on a machine with `processors` processors.
  public init(
    objectSize: ByteCount, alignment: ByteCount, pageSize: PageSize, processors: Int = 1
  ) {
    self.init(
      SlabRequest(name: "", objectSize: objectSize, alignment: alignment), pageSize: pageSize,
      processors: processors)
  }

  /// The geometry of a cache.
  public init(
    _ request: SlabRequest, pageSize: PageSize, processors: Int, hasPerCPUPartial: Bool = true
  ) {
    precondition(request.objectSize.rawValue > 0, "objects of no size")
    let slot = SlotLayout(request)
    objectSize = request.objectSize
    alignment = ByteCount(request.keptAlignment)
    slotSize = ByteCount(slot.size)
    linkOffset = slot.linkOffset
    leftZone = slot.leftZone
    innerSize = slot.innerSize
    trackOffset = slot.trackOffset
    self.pageSize = pageSize
    indexSize = 0
    reciprocal = ((1 &<< 40) - 1) / UInt64(slot.size) + 1
    evenBits = UInt(slot.size.trailingZeroBitCount)
    inverse = Self.inverse(of: slot.size &>> evenBits)
    smallestOrder = Order.holding(pageSize.pages(in: slotSize))
    order = Self.order(of: slotSize, pageSize, processors)
    slots = pageSize.bytes(in: order.pageCount).rawValue / slot.size
    let log2 = UInt.bitWidth - 1 - slot.size.leadingZeroBitCount
    minimumPartial = min(max(log2 / 2, 5), 10)
    let isWatched = request.flags.isDebugging || !hasPerCPUPartial
    perCPUPartial = isWatched ? 0 : Self.perCPUPartial(slot.size, pageSize)
    let perSlab = Int(pageSize.bytes(in: order.pageCount).rawValue / slot.size)
    perCPUPartialSlabs = (perCPUPartial * 2 + perSlab - 1) / perSlab
  }

  /// As `plain`, which has no debugging, but with slots and slabs of other sizes, and a red zone and
  /// a user's word where the design has them.
  init(
    _ plain: SlabGeometry, slotSize: ByteCount, order: Order, indexSize: UInt, leftZone: UInt = 0,
    trackOffset: UInt = 0
  ) {
    objectSize = plain.objectSize
    self.slotSize = slotSize
    alignment = plain.alignment
    self.order = order
    pageSize = plain.pageSize
    smallestOrder = order
    minimumPartial = 0
    perCPUPartial = 0
    perCPUPartialSlabs = 0
    linkOffset = plain.linkOffset
    self.leftZone = leftZone
    innerSize = plain.innerSize
    self.trackOffset = trackOffset
    self.indexSize = indexSize
    reciprocal = ((1 &<< 40) - 1) / UInt64(slotSize.rawValue) + 1
    evenBits = UInt(slotSize.rawValue.trailingZeroBitCount)
    inverse = Self.inverse(of: slotSize.rawValue &>> evenBits)
    slots = pageSize.bytes(in: order.pageCount).rawValue / (slotSize.rawValue + indexSize)
  }

  /// How many slots a slab of `order` has.
  public func objects(in order: Order) -> Int {
    Int(pageSize.bytes(in: order.pageCount).rawValue / (slotSize.rawValue + indexSize))
  }

  /// The number of the slot that starts `offset` bytes into a slab; nil for the middle of one.
  @inline(__always)
  func slot(at offset: UInt) -> Int? {
    let index = UInt((UInt64(offset) &* reciprocal) >> 40)
    return index &* slotSize.rawValue == offset ? Int(index) : nil
  }

  /// The inverse of an odd number modulo the word, by Newton's steps: each doubles the right bits.
  private static func inverse(of odd: UInt) -> UInt {
    var inverse = odd
    for _ in 0..<5 { inverse = inverse &* (2 &- odd &* inverse) }
    return inverse
  }

  /// Whether a slot starts `offset` bytes into a slab: half the work of finding which.
  ///
  /// What is divisible leaves the quotient when it is multiplied by the divisor's inverse; anything
  /// else leaves more than the largest quotient there is (Granlund and Montgomery 1994).
  @inline(__always)
  func isSlot(at offset: UInt) -> Bool {
    let product = offset &* inverse
    let quotient = product &>> evenBits | product &<< (UInt(UInt.bitWidth) &- evenBits)
    return quotient < slots
  }

  /// Linux: `slub_set_cpu_partial()`.
  private static func perCPUPartial(_ size: UInt, _ pageSize: PageSize) -> Int {
    if size >= pageSize.bytes.rawValue { return 6 }
    if size >= 1024 { return 24 }
    return size >= 256 ? 52 : 120
  }

  /// The smallest order up to 3 that wastes little: a sixteenth of the slab, else an eighth, a
  /// quarter, a half; starting from room for a number of objects that grows with the processors.
  ///
  /// Linux: `calculate_order()`.
  private static func order(
    of slot: ByteCount, _ pageSize: PageSize, _ processors: Int
  ) -> Order {
    let costly = Order(3)
    let most = max(pageSize.bytes(in: costly.pageCount).rawValue / slot.rawValue, 1)
    let bits = UInt(Int.bitWidth - processors.leadingZeroBitCount)
    let wanted = min(4 * (bits + 1), most)
    let least = Order.holding(pageSize.pages(in: ByteCount(wanted * slot.rawValue)))
    var fraction: UInt = 16
    while fraction > 1 {
      var order = least
      while order <= costly {
        let bytes = pageSize.bytes(in: order.pageCount).rawValue
        if bytes % slot.rawValue <= bytes / fraction { return order }
        order = order.next
      }
      fraction /= 2
    }
    return Order.holding(pageSize.pages(in: slot))
  }
}

/// What stands in one slot, and where:
///
///     left red zone | object | right red zone | link | users | padding
///
/// Without debugging there is the object only, with the link in its middle while it is free.
struct SlotLayout {
  let leftZone: UInt
  let innerSize: UInt
  let linkOffset: UInt
  let trackOffset: UInt
  let size: UInt

  init(_ request: SlabRequest) {
    let word = UInt(MemoryLayout<UInt>.size)
    let step = request.keptAlignment
    let flags = request.flags
    let object = request.objectSize.rawValue
    var end = (object + word - 1) & ~(word - 1)
    // The object must have a byte behind it that it does not own.
    if flags.contains(.redZoned) && end == object { end += word }
    innerSize = end
    let keepsBytes =
      !flags.isDisjoint(with: [.poisoned, .typeSafeByRCU]) || request.constructor != nil
      || (flags.contains(.redZoned) && object < word * 2)
    if keepsBytes {
      linkOffset = end
      end += word
    } else {
      linkOffset = (object / 2) & ~(word - 1)
    }
    trackOffset = flags.contains(.tracksUsers) ? end : 0
    if flags.contains(.tracksUsers) { end += 2 * UInt(MemoryLayout<SlabTrack>.stride) }
    var left: UInt = 0
    if flags.contains(.redZoned) {
      end += word
      left = (word + step - 1) & ~(step - 1)
      end += left
    }
    leftZone = left
    size = (end + step - 1) & ~(step - 1)
  }
}

/// Who had an object last. Linux: `struct track`.
struct SlabTrack {
  /// As the user function of `HeapReports` says; 0 for nobody yet.
  var user: UInt
  /// The processor.
  var processor: UInt
}
