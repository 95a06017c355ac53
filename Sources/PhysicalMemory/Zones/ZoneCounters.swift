internal import MemoryTypes
internal import Synchronization

/// The counts of a zone that are read without its lock. Linux: `zone->vm_stat`, `zone->flags`.
///
/// Who holds the zone's lock writes them, so that adding needs no atomic operation but a plain load
/// and store; a reader without the lock sees a count that was true a moment ago.
///
/// The free counts lag: each processor keeps a
/// difference of its own and adds it only when it is above a threshold. Linux does so to spare
/// its processors a shared cache line, and which frame a request gets can depend on it.
struct ZoneCounters: ~Copyable, Sendable {
  private let managed = Atomic<UInt>(0)
  private let visibleFree = Atomic<UInt>(0)
  private let visibleCMA = Atomic<UInt>(0)
  private let highAtomic = Atomic<UInt>(0)
  private let freeHighAtomic = Atomic<UInt>(0)
  private let boosted = Atomic<UInt>(0)
  /// `highAtomic`, `boosted` and `visibleCMA` together.
  private let withheld = Atomic<UInt>(0)
  private let flags = Atomic<UInt32>(0)
  /// A bit for each order that has a free block, by migrate type.
  private let occupied = InlineArray<6, Atomic<UInt32>> { _ in Atomic(0) }

  /// What a zone remembers of its last trouble. Linux: `enum zone_flags`.
  struct Flags: OptionSet {
    let rawValue: UInt32
    /// The watermarks were raised; the next allocation wakes the background reclaim.
    static var boostedWatermark: Flags { Flags(rawValue: 1 << 0) }
    /// The free count fell below the high mark: per-CPU lists must not grow.
    static var belowHigh: Flags { Flags(rawValue: 1 << 1) }
    /// Reclaim works in the zone: per-CPU lists must stay short.
    static var reclaimActive: Flags { Flags(rawValue: 1 << 2) }
  }

  var managedPages: PageCount { PageCount(managed.load(ordering: .relaxed)) }
  /// The free count as decisions see it. Linux: `zone_page_state(NR_FREE_PAGES)`.
  @inline(__always)
  var visibleFreePages: UInt { visibleFree.load(ordering: .relaxed) }
  /// The same for contiguous-memory areas. Linux: `zone_page_state(NR_FREE_CMA_PAGES)`.
  @inline(__always)
  var visibleCMAPages: UInt { visibleCMA.load(ordering: .relaxed) }
  /// Whether contiguous-memory areas have more than half of the free frames.
  @inline(__always)
  var isCMAPlentiful: Bool { visibleCMAPages > visibleFreePages / 2 }
  @inline(__always)
  var highAtomicPages: PageCount { PageCount(highAtomic.load(ordering: .relaxed)) }
  /// The free frames of what is kept for large requests. Linux: `nr_free_highatomic`.
  @inline(__always)
  var freeHighAtomicPages: UInt { freeHighAtomic.load(ordering: .relaxed) }
  @inline(__always)
  var boost: PageCount { PageCount(boosted.load(ordering: .relaxed)) }

  /// Frames that not every request can have: kept for large ones or for the boost, or lent by
  /// contiguous-memory areas.
  @inline(__always)
  var withheldPages: UInt { withheld.load(ordering: .relaxed) }

  /// The orders that have a free block of an ordinary type, as bits.
  @inline(__always)
  var ordinaryOrders: UInt32 {
    orders(of: .unmovable) | orders(of: .movable) | orders(of: .reclaimable)
  }

  /// Whether an ordinary type has a free block of `order` or more.
  @inline(__always)
  func hasOrdinary(_ order: Order) -> Bool { ordinaryOrders &>> UInt32(order.rawValue) != 0 }

  /// The orders that have a free block of `type`, as bits.
  @inline(__always)
  func orders(of type: MigrateType) -> UInt32 {
    // SAFETY: there is a word for each type.
    unsafe occupied[unchecked: type.index].load(ordering: .relaxed)
  }

  /// Notes that `type` has a block of `order`; under the zone's lock.
  @inline(__always)
  func setOccupied(_ order: Order, _ type: MigrateType) {
    let bits = orders(of: type) | 1 &<< UInt32(order.rawValue)
    unsafe occupied[unchecked: type.index].store(bits, ordering: .relaxed)
  }

  /// Notes which orders have a free block of `type`; under the zone's lock.
  @inline(__always)
  func setOrders(_ bits: UInt32, of type: MigrateType) {
    unsafe occupied[unchecked: type.index].store(bits, ordering: .relaxed)
  }

  /// Notes that `type` has no block of `order` any more if so it is; under the zone's lock.
  ///
  /// Without a branch: whether a list just became empty no processor can guess.
  @inline(__always)
  func setVacant(_ isVacant: Bool, _ order: Order, _ type: MigrateType) {
    let bit: UInt32 = (isVacant ? 1 : 0) &<< UInt32(order.rawValue)
    unsafe occupied[unchecked: type.index].store(orders(of: type) & ~bit, ordering: .relaxed)
  }

  /// Counts frames that entered or left the free lists, isolated ones not; under the zone's lock.
  ///
  /// `lag` is that of the processor that works. Linux: `account_freepages()`,
  /// `__mod_zone_page_state()`.
  @inline(__always)
  func countFree(_ change: Int, _ lag: inout CounterLag) {
    if let sum = lag.free.add(change, lag.threshold) { Self.add(sum, to: visibleFree) }
  }

  /// Counts of them the ones of a type that is counted apart as well.
  func countSpecial(_ change: Int, _ type: MigrateType, _ lag: inout CounterLag) {
    guard type == .cma else { return Self.add(change, to: freeHighAtomic) }
    if let sum = lag.freeCMA.add(change, lag.threshold) { addCMA(sum) }
  }

  /// Adds what a processor kept to itself. Linux: `refresh_cpu_vm_stats()`.
  func fold(_ lag: inout CounterLag) {
    Self.add(lag.free.take(), to: visibleFree)
    addCMA(lag.freeCMA.take())
  }

  /// Makes the counts that decisions see lag behind the true ones.
  func restoreLag(_ lag: inout CounterLag, free: Int, freeCMA: Int) {
    lag.free.sum = free
    lag.freeCMA.sum = freeCMA
    Self.add(-free, to: visibleFree)
    addCMA(-freeCMA)
  }

  func countManaged(_ change: Int) { Self.add(change, to: managed) }

  func countHighAtomic(_ change: Int) {
    Self.add(change, to: highAtomic)
    Self.add(change, to: withheld)
  }

  func setBoost(_ pages: PageCount) {
    boosted.store(pages.rawValue, ordering: .relaxed)
    let others = highAtomicPages.rawValue &+ visibleCMAPages
    withheld.store(pages.rawValue &+ others, ordering: .relaxed)
  }

  /// The flags that are set, as bits.
  @inline(__always)
  var troubles: UInt32 { flags.load(ordering: .relaxed) }

  /// Whether no flag is set.
  @inline(__always)
  var isCalm: Bool { troubles == 0 }

  @inline(__always)
  func has(_ flag: Flags) -> Bool {
    flags.load(ordering: .relaxed) & flag.rawValue != 0
  }

  /// Any processor, at any time.
  func set(_ flag: Flags) { flags.bitwiseOr(flag.rawValue, ordering: .relaxed) }

  /// Any processor, at any time; says whether the flag was set.
  @discardableResult
  func clear(_ flag: Flags) -> Bool {
    flags.bitwiseAnd(~flag.rawValue, ordering: .relaxed).oldValue & flag.rawValue != 0
  }

  private func addCMA(_ change: Int) {
    Self.add(change, to: visibleCMA)
    Self.add(change, to: withheld)
  }

  @inline(__always)
  private static func add(_ change: Int, to count: borrowing Atomic<UInt>) {
    let sum = count.load(ordering: .relaxed) &+ UInt(bitPattern: change)
    count.store(sum, ordering: .relaxed)
  }
}
