internal import MemoryTypes

/// The free frames of one zone that one processor keeps at hand. Linux: `struct per_cpu_pages`.
///
/// Each order up to 3, and that of a huge page, has a list per ordinary migrate type. A frame on a
/// list is allocated in the eyes of the free lists, so that it is not merged. Frames come and go in
/// batches; how many follows from what the processor did last.
struct PerCPULists: Sendable {
  /// Frames that owners gave back here, since boot.
  private(set) var freed: UInt = 0
  /// Those that left since then, less those that came from the free lists. Kept in place of a count,
  /// so that an event counter costs the quick ways nothing.
  private var spent: UInt = 0
  /// The count above which frames go back. Linux: `pcp->high`.
  var high = 0
  /// How often the batch was doubled while the processor only allocated. Linux: `alloc_factor`.
  var allocationFactor: UInt8 = 0
  /// Frames freed lately, halved at each allocation, up to a limit. Linux: `free_count`.
  var freeCount = 0
  /// Whether the last free was of more than one frame. Linux: `PCPF_PREV_FREE_HIGH_ORDER`.
  var lastFreeWasLarge = false
  private var lists = InlineArray<14, PageList>(repeating: PageList())

  /// Frames on all lists.
  @inline(__always)
  var count: Int { Int(bitPattern: freed &- spent) }

  /// Lists that are filled and emptied one by one, as before the marks of a zone are known.
  init() {}

  /// The largest order that has lists of its own. Linux: `PAGE_ALLOC_COSTLY_ORDER`.
  @inline(__always)
  static var largestOrder: Order { Order(3) }

  /// How many lists there are. Linux: `NR_PCP_LISTS`.
  @inline(__always)
  static var listCount: Int { 14 }

  /// The list of an order and an ordinary type; huge pages have one list for movable and one for
  /// the rest. Linux: `order_to_pindex()`.
  @inline(__always)
  static func index(_ order: Order, _ type: MigrateType) -> Int {
    guard order <= largestOrder else { return type == .movable ? 13 : 12 }
    return order.index &* 3 &+ type.index
  }

  /// The order of the blocks in a list. Linux: `pindex_to_order()`.
  @inline(__always)
  static func order(of index: Int, huge: Order) -> Order {
    index >= 12 ? huge : Order(UInt8(truncatingIfNeeded: index / 3))
  }

  @inline(__always)
  func list(_ index: Int) -> PageList { lists[index] }

  /// Takes the block that was freed last; nil from an empty list.
  @inline(__always)
  mutating func popFront(_ index: Int, _ order: Order) -> Ref<Page>? {
    guard let block = lists[index].popFront() else { return nil }
    spent &+= order.pageCount.rawValue
    return block
  }

  /// Takes the block that has not been used for longest.
  @inline(__always)
  mutating func popBack(_ index: Int, _ order: Order) -> Ref<Page>? {
    guard let block = lists[index].popBack() else { return nil }
    spent &+= order.pageCount.rawValue
    return block
  }

  /// A freed block: the next one handed out.
  @inline(__always)
  mutating func pushFront(_ block: Ref<Page>, _ index: Int, _ order: Order) {
    lists[index].pushFront(block)
    freed &+= order.pageCount.rawValue
  }

  /// A block from the free lists: handed out after those that came before it.
  @inline(__always)
  mutating func pushBack(_ block: Ref<Page>, _ index: Int, _ order: Order) {
    lists[index].pushBack(block)
    spent &-= order.pageCount.rawValue
  }

  /// Takes a block from wherever it stands in a list; false when it does not. O(blocks).
  mutating func remove(_ block: Ref<Page>, _ index: Int, _ order: Order) -> Bool {
    var isThere = false
    lists[index].forEachElement { if $0 == block { isThere = true } }
    guard isThere else { return false }
    lists[index].remove(block)
    spent &+= order.pageCount.rawValue
    return true
  }
}
