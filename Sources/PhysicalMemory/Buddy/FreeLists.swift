internal import MemoryTypes

/// The free lists of one zone: a ring of blocks for each order and migrate type.
///
/// The head of each ring is a descriptor of no frame, which keeps the count of the ring. Under the
/// zone's lock. Linux: `struct free_area`, include/linux/mmzone.h.
@safe
struct FreeLists: @unchecked Sendable {
  private typealias Ring = IntrusiveRing<PageLinking>

  private let heads: UnsafeMutablePointer<Page>

  /// Empty lists, in `size` zeroed or unused bytes that stand as long as the zone.
  @unsafe
  init(_ base: UnsafeMutableRawPointer) {
    unsafe heads = base.bindMemory(to: Page.self, capacity: Self.headCount)
    for index in 0..<Self.headCount {
      unsafe (heads + index).initialize(to: Page())
      unsafe Ring(closedBy: Ref(heads + index)).makeEmpty()
    }
  }

  /// The largest order that has lists: one page size needs up to 13 (64 KiB granule).
  static var largestOrder: Order { Order(15) }

  private static var headCount: Int { MigrateType.count << 4 }

  /// The bytes that the heads take.
  static var size: Int { headCount * MemoryLayout<Page>.stride }

  /// The block that is taken first; nil when there is none.
  @inline(__always)
  func first(_ order: Order, _ type: MigrateType) -> Ref<Page>? {
    Ring(closedBy: head(order, type)).first
  }

  /// How many blocks there are.
  @inline(__always)
  func count(_ order: Order, _ type: MigrateType) -> Int {
    Int(bitPattern: head(order, type).pointee.index)
  }

  /// One list, for who walks up the orders.
  @inline(__always)
  func list(_ order: Order, _ type: MigrateType) -> List { List(head: head(order, type)) }

  /// The blocks of one order and type.
  struct List {
    fileprivate private(set) var head: Ref<Page>

    /// Moves on to the list of the next order and the same type.
    @inline(__always)
    mutating func advance() {
      // SAFETY: the heads of a type stand side by side, and there is one for the next order.
      head = unsafe Ref(head.pointer + 1)
    }

    /// Moves on to the list of the order before and the same type.
    @inline(__always)
    mutating func retreat() {
      // SAFETY: the same.
      head = unsafe Ref(head.pointer - 1)
    }

    /// The block that is taken first, of a list that is not empty.
    @inline(__always)
    var unsafeFirst: Ref<Page> {
      assert(head.pointee.index > 0, "the list is empty")
      // SAFETY: the links of a ring are never nil, and the caller knows that it is not only the head.
      return unsafe head.pointee.link.next.unsafelyUnwrapped
    }

    /// Puts a block that stands in no list in front of the others.
    @inline(__always)
    func insertFirst(_ block: Ref<Page>) {
      head.pointee.index &+= 1
      Ring(closedBy: head).insertFirst(block)
    }

    /// Puts a block that stands in no list in its place.
    @inline(__always)
    func insert(_ block: Ref<Page>, atTail: Bool) {
      head.pointee.index &+= 1
      Ring(closedBy: head).insert(block, atBack: atTail)
    }

    /// Takes a block of the list out; says whether it was the last one.
    @inline(__always)
    func remove(_ block: Ref<Page>) -> Bool {
      head.pointee.index &-= 1
      Ring.remove(block)
      return head.pointee.index == 0
    }
  }

  /// Takes a block of that order and type out; says whether it was the last one.
  @inline(__always)
  func remove(_ block: Ref<Page>, _ order: Order, _ type: MigrateType) -> Bool {
    list(order, type).remove(block)
  }

  /// Calls `body` with each block, head first; `body` may not change the list.
  func forEachBlock(_ order: Order, _ type: MigrateType, _ body: (Ref<Page>) -> Void) {
    Ring(closedBy: head(order, type)).forEachElement(body)
  }

  /// Traps unless the list is whole and counted right; says how many blocks it has.
  func checkInvariants(_ order: Order, _ type: MigrateType) -> Int {
    let count = count(order, type)
    let met = Ring(closedBy: head(order, type)).checkInvariants(limit: count)
    precondition(met == count, "the count of a free list is wrong")
    return count
  }

  @inline(__always)
  private func head(_ order: Order, _ type: MigrateType) -> Ref<Page> {
    // SAFETY: a type is below 6 and an order below 16: a head for each.
    unsafe Ref(heads + (type.index &<< 4 | order.index))
  }
}
