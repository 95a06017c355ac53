internal import Machine
public import MemoryTypes

extension PageTable {
  /// Frees the tables that only `range` needed.
  ///
  /// A table goes when it covers part of `range` and the addresses it covers lie in
  /// `floor ..< ceiling`: the gap between the neighbours' mappings. The root stays. All leaves in
  /// the gap must be unmapped and invalidated before.
  ///
  ///     floor           range.start      range.end          ceiling
  ///       │    │     │     ████████████████   │     │     │   │
  ///            └──────────── tables freed ─────────────┘        aligned to what a table covers
  ///
  /// - Parameters:
  ///   - floor: the end of the mapping below, or 0.
  ///   - ceiling: the start of the mapping above; 0 means none up to the end of the address space.
  /// - Precondition: `range` lies in the addresses that this root translates.
  /// - Complexity: O(entries of the tables touched).
  ///
  /// Linux: `free_pgd_range()`, mm/memory.c.
  public mutating func freeTables(
    _ range: VirtualRange, floor: VirtualAddress, ceiling: VirtualAddress
  ) {
    let pages = pages
    freeTables(range, floor: floor, ceiling: ceiling) { pages.freeTableFrame($0) }
  }

  /// The same, but the tables go into `batch`, which frees them after its flush: for tables that
  /// the hardware may be walking.
  public mutating func freeTables(
    _ range: VirtualRange, floor: VirtualAddress, ceiling: VirtualAddress,
    into batch: inout TLBBatch
  ) {
    let memory = memory
    freeTables(range, floor: floor, ceiling: ceiling) { batch.add(table: $0, in: memory) }
  }

  private mutating func freeTables(
    _ range: VirtualRange, floor: VirtualAddress, ceiling: VirtualAddress,
    _ release: (PageFrameNumber) -> Void
  ) {
    guard range.start != range.end else { return }
    let gap = Gap(
      first: range.start, last: VirtualAddress(range.end.rawValue &- 1), floor: floor,
      lastFree: VirtualAddress(ceiling.rawValue &- 1))
    freeTables(under: root, at: format.root, gap, release)
  }

  /// Gives every table back, the root too; what the leaves map is the caller's.
  ///
  /// Must be the last use of the value. Linux: `free_pgtables()`, `pgd_free()`.
  public mutating func destroy() {
    let pages = pages
    let everything = VirtualAddress(UInt.max)
    freeTables(
      under: root, at: format.root,
      Gap(
        first: VirtualAddress(0), last: everything, floor: VirtualAddress(0), lastFree: everything)
    ) { pages.freeTableFrame($0) }
    counts[format.root] -= 1
    pages.freeTableFrame(root)
  }

  /// Frees the tables under `table` that cover part of `gap` and lie within its limits.
  private mutating func freeTables(
    under table: PageFrameNumber, at level: TranslationLevel, _ gap: Gap,
    _ release: (PageFrameNumber) -> Void
  ) {
    let first = format.index(of: gap.first, at: level)
    var end = format.index(of: gap.last, at: level) + 1
    if level == format.root { end = min(end, ownedRootEntries) }
    var index = first
    while index < end {
      let entry = EntryLocation(table: table, index: index)
      let descriptor = load(entry)
      if format.kind(of: descriptor, at: level) == .table {
        let distance = ByteCount((index &- first) << format.shift(of: level))
        let block = format.canonical(format.blockStart(gap.first, at: level) + distance)
        freeTable(
          at: entry, format.frame(in: descriptor, at: .pte), covering: block, level, gap, release)
      }
      index += 1
    }
  }

  /// Frees what is under `table`, then the table itself if `gap` has room for all it covers.
  private mutating func freeTable(
    at entry: EntryLocation, _ table: PageFrameNumber, covering block: VirtualAddress,
    _ level: TranslationLevel, _ gap: Gap, _ release: (PageFrameNumber) -> Void
  ) {
    let blockLast = format.blockLast(block, at: level)
    if level.below > .pte {
      var inner = gap
      inner.first = max(gap.first, block)
      inner.last = min(gap.last, blockLast)
      freeTables(under: table, at: level.below, inner, release)
    }
    guard gap.floor <= block, blockLast <= gap.lastFree else { return }
    store(0, at: entry)
    counts[level.below] -= 1
    release(table)
  }
}

/// Which tables may go: those that cover part of `first ... last` and nothing outside
/// `floor ... lastFree`.
private struct Gap {
  var first: VirtualAddress
  var last: VirtualAddress
  var floor: VirtualAddress
  var lastFree: VirtualAddress
}
