public import MemoryTypes

/// How a cache cuts its slabs: derived once from the object's size. Linux: `calculate_sizes()`.
public struct SlabGeometry: Hashable, Sendable {
  /// What the caller asked for, in bytes.
  public let objectSize: ByteCount
  /// What a slot takes: the object's size rounded up to a word and to the alignment.
  public let slotSize: ByteCount
  /// The order of a slab's block.
  public let order: Order
  /// The smallest order that holds one slot: what is used when memory is short.
  public let smallestOrder: Order
  /// How many empty slabs a cache keeps. Linux: `min_partial`.
  public let minimumPartial: Int
  /// Where in a free slot the address of the next one stands: in the middle, far from the ends
  /// that a neighbour's overrun hits first.
  let linkOffset: UInt
  /// 2^40 / slot size, rounded up: divides offsets below 2^23 without a division.
  private let reciprocal: UInt64
  private let pageSize: PageSize

  /// The geometry of objects of `objectSize` bytes, 1 or more, aligned to `alignment`, a power of
  /// two, on a machine with `processors` processors.
  public init(
    objectSize: ByteCount, alignment: ByteCount, pageSize: PageSize, processors: Int = 1
  ) {
    let word = UInt(MemoryLayout<UInt>.size)
    let step = max(alignment.rawValue, word)
    precondition(objectSize.rawValue > 0, "objects of no size")
    precondition(step & (step - 1) == 0, "alignment is no power of two")
    self.objectSize = objectSize
    self.pageSize = pageSize
    slotSize = ByteCount((objectSize.rawValue + step - 1) & ~(step - 1))
    linkOffset = (objectSize.rawValue / 2) & ~(word - 1)
    reciprocal = ((1 &<< 40) - 1) / UInt64(slotSize.rawValue) + 1
    smallestOrder = Order.holding(pageSize.pages(in: slotSize))
    order = Self.order(of: slotSize, pageSize, processors)
    let log2 = UInt.bitWidth - 1 - slotSize.rawValue.leadingZeroBitCount
    minimumPartial = min(max(log2 / 2, 5), 10)
  }

  /// How many slots a slab of `order` has.
  public func objects(in order: Order) -> Int {
    Int(pageSize.bytes(in: order.pageCount).rawValue / slotSize.rawValue)
  }

  /// The number of the slot that starts `offset` bytes into a slab; nil for the middle of one.
  @inline(__always)
  func slot(at offset: UInt) -> Int? {
    let index = UInt((UInt64(offset) &* reciprocal) >> 40)
    return index &* slotSize.rawValue == offset ? Int(index) : nil
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
