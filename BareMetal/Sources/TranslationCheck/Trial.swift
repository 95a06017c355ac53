internal import Machine
internal import MemoryTypes
internal import PageTables
internal import PhysicalMemory

/// One round: fresh tables under fixed control bits.
struct Trial<Processor: TestedProcessor, Console: TextSink>: ~Copyable {
  let processor: Processor
  let format: TranslationFormat
  let targets: Targets
  let plan: Plan
  let pages: Ref<PageAllocator>
  var console: Console
  var random: SeededGenerator
  var tally: Tally
  var tables: PageTable<Ref<PageAllocator>>
  var mmu: MMU
  /// Where the ranges stand close together, so that they share tables.
  var clusters = InlineArray<12, UInt>(repeating: 0)
  var ranges: RangeList
  private let cacheMemory: Ref<Page>
  private let cacheOrder: Order

  /// Builds the tables' root and the model's caches.
  static func make(
    _ processor: Processor, targets: Targets, plan: Plan, pages: Ref<PageAllocator>,
    console: Console, _ random: SeededGenerator, _ tally: Tally
  ) throws(AllocationError) -> Trial {
    let pageSize = processor.format.pageSize
    let size = pageSize.roundUp(TLBHierarchy.storageSize(for: processor.tlb))
    let order = Order.holding(pageSize.pages(in: size))
    let caches = try pages.pointee.allocatePages(order: order, flags: .kernel)
    let ranges = try RangeList(pages)
    var tables = try PageTable(
      format: processor.format, kernelRoot: processor.kernelRoot, pages: pages)
    try processor.prepare(&tables)
    return Trial(
      processor, targets, plan, console, random, tally, tables, ranges, caches, order)
  }

  private init(
    _ processor: Processor, _ targets: Targets, _ plan: Plan, _ console: Console,
    _ random: SeededGenerator, _ tally: Tally, _ tables: consuming PageTable<Ref<PageAllocator>>,
    _ ranges: RangeList, _ cacheMemory: Ref<Page>, _ cacheOrder: Order
  ) {
    self.processor = processor
    self.targets = targets
    self.plan = plan
    self.console = console
    self.random = random
    self.tally = tally
    self.ranges = ranges
    self.cacheMemory = cacheMemory
    self.cacheOrder = cacheOrder
    format = processor.format
    pages = tables.pages
    // SAFETY: the block is as large as the caches say, and `finish` frees it after the last use.
    let caches = unsafe TLBHierarchy(
      processor.tlb, pageSize: format.pageSize, storage: pages.pointee.pointer(to: cacheMemory))
    mmu = MMU(
      format: format, memory: pages.pointee.directMap, root: tables.root, tlb: caches)
    processor.load(tables.root, &mmu)
    self.tables = tables
  }

  mutating func run() throws(AllocationError) {
    for index in 0..<clusters.count { clusters[index] = drawAddress() }
    for _ in 0..<plan.rangesPerRound { try addRange() }
    forget()
    var count = 0
    while count < plan.addressesPerRound {
      for _ in 0..<plan.addressesPerChange { askAbout(drawQuestionAddress()) }
      count += plan.addressesPerChange
      askAboutDamage()
      try change()
    }
    if processor.touches { try askAboutSpaces() }
  }

  /// Any address of those that ranges may have.
  mutating func drawAddress() -> UInt {
    let count = processor.addressLimit &- processor.addressStart
    return processor.addressStart &+ UInt(truncatingIfNeeded: random.next()) % count
  }

  /// Gives back all memory.
  consuming func finish() {
    processor.leave()
    tables.checkInvariants()
    tables.destroy()
    ranges.free(to: pages)
    pages.pointee.freePages(cacheMemory, order: cacheOrder)
  }
}

/// The ranges of a round, in a block of pages.
@safe
struct RangeList {
  private let memory: Ref<Page>
  private let first: UnsafeMutablePointer<VirtualRange>
  private(set) var count = 0

  init(_ pages: Ref<PageAllocator>) throws(AllocationError) {
    memory = try pages.pointee.allocatePages(order: Order(2), flags: .kernel)
    // SAFETY: four pages hold `limit` ranges; `free` ends the use.
    unsafe first = pages.pointee.pointer(to: memory).bindMemory(
      to: VirtualRange.self, capacity: Self.limit)
  }

  /// 16 KiB of ranges of 16 bytes.
  private static var limit: Int { 1024 }

  subscript(index: Int) -> VirtualRange { unsafe first[index] }

  /// Takes `range` in place of one that is there when it is full.
  mutating func add(_ range: VirtualRange, inPlaceOf index: Int) {
    if count < Self.limit {
      unsafe (first + count).initialize(to: range)
      count += 1
    } else {
      unsafe first[index] = range
    }
  }

  func free(to pages: Ref<PageAllocator>) { pages.pointee.freePages(memory, order: Order(2)) }
}
