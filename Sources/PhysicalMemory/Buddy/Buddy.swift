internal import MemoryTypes

/// The free frames of one zone, folded into blocks of a power of two. Linux: `free_area`.
///
/// A block of order n starts at a frame number that is a multiple of 2^n, so the frame of its
/// buddy differs in bit n only. Two free buddies of ordinary types never stand side by side: they
/// are one block of the next order. All of it is guarded by the zone's lock.
struct Buddy: Sendable {
  /// The zone that these are the free lists of, for its counters.
  let zone: Ref<Zone>
  let pages: PageArray
  /// How the zone's frames stand, but for state and order.
  let standing: PageStanding
  /// The migrate type of each pageblock; the list of a free block follows from it.
  let pageblocks: PageblockMap
  /// The frames that the zone spans; a buddy outside does not exist.
  let range: FrameRange
  /// The largest order a block can have. Linux: `MAX_PAGE_ORDER`.
  let maximumOrder: Order
  /// What must be cleared for who wants zeros.
  let written: WrittenFrames
  /// Whether requests keep to lists of their type. Linux: `page_group_by_mobility_disabled`.
  let groupsByMobility: Bool
  /// The free blocks.
  let lists: FreeLists
  /// The frames in isolated lists, which the zone does not count as free.
  private(set) var isolatedPages = PageCount.zero
  /// What the processor that works on the lists has not told the others.
  var lag: Ref<CounterLag>
  var statistics = BuddyStatistics()
  /// Who is told what happens to the lists.
  var trace: AllocatorTrace?

  init(
    zone: Ref<Zone>, standing: PageStanding, pages: PageArray, pageblocks: PageblockMap,
    range: FrameRange, maximumOrder: Order, groupsByMobility: Bool, written: WrittenFrames,
    lists: FreeLists, lag: Ref<CounterLag>
  ) {
    precondition(maximumOrder <= FreeLists.largestOrder, "no free list for the largest order")
    self.zone = zone
    self.standing = standing
    self.lists = lists
    self.pages = pages
    self.pageblocks = pageblocks
    self.range = range
    self.maximumOrder = maximumOrder
    self.groupsByMobility = groupsByMobility
    self.written = written
    self.lag = lag
  }

  /// Takes a block of `order`, the head of the smallest order of `type` that has one; nil if none
  /// has. O(order found - order). Linux: `__rmqueue_smallest()`.
  @inline(__always)
  mutating func takeSmallest(_ order: Order, _ type: MigrateType) -> Ref<Page>? {
    let orders = zone.pointee.counters.orders(of: type)
    guard let found = Self.smallest(orders, from: order) else { return nil }
    count(0 &- Int(bitPattern: order.pageCount.rawValue), type)
    return take(order, type, from: found, orders)
  }

  /// The lowest of `orders` that is `order` or more.
  @inline(__always)
  private static func smallest(_ orders: UInt32, from order: Order) -> Order? {
    let candidates = orders &>> UInt32(order.rawValue)
    guard candidates != 0 else { return nil }
    return Order(order.rawValue &+ UInt8(truncatingIfNeeded: candidates.trailingZeroBitCount))
  }

  /// Takes the first block of `found` and lists what is too much of it.
  ///
  /// - Parameter orders: Those that have a block of `type`.
  @inline(__always)
  private mutating func take(
    _ order: Order, _ type: MigrateType, from found: Order, _ orders: UInt32
  ) -> Ref<Page> {
    let list = lists.list(found, type)
    let block = list.unsafeFirst
    let emptied: UInt32 = list.remove(block) ? 1 &<< UInt32(found.rawValue) : 0
    let halves = Self.bits(from: order, to: found)
    zone.pointee.counters.setOrders(orders & ~emptied | halves, of: type)
    halve(block, from: found, to: order, type)
    return claim(block, order)
  }

  /// The orders `low ..< high` as bits.
  @inline(__always)
  private static func bits(from low: Order, to high: Order) -> UInt32 {
    1 &<< UInt32(high.rawValue) &- 1 &<< UInt32(low.rawValue)
  }

  /// Puts the upper halves of a block that no list holds at the heads of the lists of `type`.
  ///
  /// Linux: `expand()`.
  mutating func split(
    _ block: Ref<Page>, from high: Order, to low: Order, _ type: MigrateType
  ) {
    let orders = zone.pointee.counters.orders(of: type) | Self.bits(from: low, to: high)
    zone.pointee.counters.setOrders(orders, of: type)
    halve(block, from: high, to: low, type)
  }

  /// The same, but for the note which orders have blocks.
  @inline(__always)
  private mutating func halve(
    _ block: Ref<Page>, from high: Order, to low: Order, _ type: MigrateType
  ) {
    guard high > low else { return }
    statistics.splits &+= UInt(high.rawValue &- low.rawValue)
    // Copies stay in registers: no store into a descriptor makes them doubtful.
    let lowest = standing.with(.free, low)
    var mark = standing.with(.free, high)
    var size = high.pageCount.rawValue
    var list = lists.list(high, type)
    repeat {
      mark = mark.smaller
      list.retreat()
      size &>>= 1
      let half = pages.page(PageCount(size), after: block)
      half.pointee.standing = mark
      list.insertFirst(half)
    } while mark != lowest
  }

  /// Marks a block that no list holds as someone's.
  @inline(__always)
  func claim(_ block: Ref<Page>, _ order: Order) -> Ref<Page> {
    block.pointee.standing = standing.with(.allocated, order)
    return block
  }

  /// Whether the block was never written. O(words).
  @inline(__always)
  func hasZeros(_ block: Ref<Page>, _ order: Order) -> Bool {
    !written.isEverything && !written.contains(pages.frame(of: block), order)
  }

  /// The end of a free list that a block goes to.
  enum ListEnd {
    case head
    case tail
  }

  /// Makes `block` a free block of `order` and puts it in the list of `type`, uncounted.
  ///
  /// Linux: `__add_to_free_list()`.
  @inline(__always)
  mutating func list(_ block: Ref<Page>, _ order: Order, _ type: MigrateType, at end: ListEnd) {
    block.pointee.standing = standing.with(.free, order)
    zone.pointee.counters.setOccupied(order, type)
    lists.list(order, type).insert(block, atTail: end == .tail)
  }

  /// Takes a free block out of its list, uncounted; it is a frame inside nothing then.
  ///
  /// Linux: `__del_page_from_free_list()`.
  @inline(__always)
  mutating func unlist(_ block: Ref<Page>, _ order: Order, _ type: MigrateType) {
    let isLast = lists.remove(block, order, type)
    zone.pointee.counters.setVacant(isLast, order, type)
    block.pointee.standing = .inside
  }

  /// The frames in all lists but isolated ones, to the frame.
  var freePages: PageCount {
    PageCount(
      zone.pointee.counters.visibleFreePages &+ UInt(bitPattern: zone.pointee.lags.sum.free))
  }

  /// The frames in the lists of contiguous-memory areas, to the frame.
  var freeCMAPages: PageCount {
    PageCount(
      zone.pointee.counters.visibleCMAPages &+ UInt(bitPattern: zone.pointee.lags.sum.freeCMA))
  }

  /// The free blocks of `order` and `type`.
  func blockCount(of order: Order, _ type: MigrateType) -> Int { lists.count(order, type) }

  /// The free blocks of `order`.
  func blockCount(of order: Order) -> Int {
    var sum = 0
    for type in MigrateType.allCases { sum += lists.count(order, type) }
    return sum
  }

  /// Counts frames that became free or ceased to be, once for each block that a caller brings or
  /// takes: how far a processor's counts lag depends on how often it counts.
  @inline(__always)
  mutating func count(_ change: Int, _ type: MigrateType) {
    guard type.isOrdinary else { return countSpecial(change, type) }
    zone.pointee.counters.countFree(change, &lag.pointee)
  }

  @inline(never)
  private mutating func countSpecial(_ change: Int, _ type: MigrateType) {
    guard type != .isolated else {
      isolatedPages = PageCount(isolatedPages.rawValue &+ UInt(bitPattern: change))
      return
    }
    zone.pointee.counters.countFree(change, &lag.pointee)
    zone.pointee.counters.countSpecial(change, type, &lag.pointee)
  }
}

/// What one zone's free lists have done since boot.
public struct BuddyStatistics: Hashable, Sendable {
  /// Blocks handed out, to per-CPU lists too.
  public internal(set) var allocations: UInt = 0
  /// Blocks given back, from per-CPU lists too.
  public internal(set) var frees: UInt = 0
  /// Blocks cut in halves.
  public internal(set) var splits: UInt = 0
  /// Pairs of halves joined.
  public internal(set) var merges: UInt = 0
  /// Frames that owners gave back past the per-CPU lists.
  public internal(set) var pagesFreedDirectly: UInt = 0
  /// Requests that found no block.
  public internal(set) var failures: UInt = 0
  /// Blocks taken from another type's list. Linux: `mm_page_alloc_extfrag`.
  public internal(set) var fallbacks: UInt = 0
  /// Of them those that made the whole pageblock the taker's type.
  public internal(set) var steals: UInt = 0
}
