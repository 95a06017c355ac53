public import Machine
public import MemoryTypes
public import PhysicalMemory

/// What a removal of mappings must still do: one invalidation, then the frames may go.
///
///     unmap, freeTables ── add ──> batch ── flush ──> invalidate ──> release pages, free tables
///
/// Gathering makes one invalidation of many pages, and none at all when nothing was removed: of the
/// range from the lowest to the highest, which the hardware may widen to the address space.
/// Lives on the stack of one operation; `flush` must be its last use. Linux: `struct mmu_gather`.
public struct TLBBatch: ~Copyable {
  /// The addresses gathered: the first of the lowest page to the last of the highest.
  public private(set) var first = VirtualAddress(.max)
  public private(set) var last = VirtualAddress(0)
  /// How many pages were added by address.
  public private(set) var addressCount: UInt = 0
  /// Pages whose last reference may go once no TLB leads to them.
  public private(set) var pages = PageList()
  /// Frames of tables to free: each holds the number of the next in its first word.
  private var tables: PageFrameNumber?
  public private(set) var tableCount = PageCount.zero

  public init() {}

  public var isEmpty: Bool { addressCount == 0 && pages.isEmpty && tables == nil }

  /// Notes that the translation of the page at `address` was removed or narrowed.
  public mutating func add(_ address: VirtualAddress) {
    first = min(first, address)
    last = max(last, address)
    addressCount += 1
  }

  /// Notes that translations of pages in `range` were removed or narrowed.
  public mutating func add(_ range: VirtualRange) {
    guard range.start != range.end else { return }
    first = min(first, range.start)
    last = max(last, VirtualAddress(range.end.rawValue &- 1))
    addressCount += 1
  }

  /// Notes that `page`, which stands in no list by its link, may lose a reference after the flush.
  public mutating func add(_ page: Ref<Page>) {
    pages.pushBack(page)
  }

  /// Notes that the table in `frame`, which no entry points to any more, may go after the flush.
  ///
  /// Its first word becomes the link to the next. As a descriptor that word is invalid, so a walk
  /// that is still in the table ends there.
  mutating func add(table frame: PageFrameNumber, in memory: DirectMap) {
    let next = tables.map { memory.pageSize.address(of: $0).rawValue } ?? Self.end
    unsafe memory.pointer(to: frame).storeBytes(of: next, as: UInt64.self)
    tables = frame
    tableCount += PageCount(1)
  }

  /// Invalidates what was gathered on all processors, then hands each page to `release`, in the
  /// order added, and each table back to `frames`. The batch is empty again.
  ///
  /// - Complexity: O(pages + tables).
  ///
  /// Linux: `tlb_finish_mmu()`, mm/mmu_gather.c.
  public mutating func flush(
    on hardware: some Hardware, asid: ASID, frames: some TableFrameSource,
    _ release: (Ref<Page>) -> Void
  ) {
    invalidate(on: hardware, asid: asid)
    while let page = pages.popFront() { release(page) }
    freeTables(to: frames)
    first = VirtualAddress(.max)
    last = VirtualAddress(0)
    addressCount = 0
  }

  private func invalidate(on hardware: some Hardware, asid: ASID) {
    guard !isEmpty else { return }
    // Freed tables may be cached above the last level, which only the wide form reaches.
    guard tables == nil, addressCount > 0 else { return hardware.invalidate(asid: asid) }
    let pageSize = hardware.directMap.pageSize
    let start = pageSize.roundDown(first)
    let end = pageSize.roundDown(last).rawValue &+ pageSize.bytes.rawValue
    // The last page there is ends at 0, which no range can say.
    guard end > start.rawValue else { return hardware.invalidate(asid: asid) }
    hardware.invalidate(VirtualRange(start, VirtualAddress(end)), asid: asid)
  }

  private mutating func freeTables(to frames: some TableFrameSource) {
    let memory = frames.directMap
    while let table = tables {
      let next = unsafe memory.pointer(to: table).load(as: UInt64.self)
      tables = next == Self.end ? nil : memory.pageSize.frame(of: PhysicalAddress(next))
      frames.freeTableFrame(table)
    }
    tableCount = .zero
  }

  /// Marks the last table of the chain; no valid descriptor, and no address of a frame.
  private static var end: UInt64 { 2 }
}
