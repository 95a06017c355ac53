public import Machine
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
  /// - Complexity: O(entries of the tables touched).
  ///
  /// Linux: `free_pgd_range()`, mm/memory.c.
  public mutating func freeTables(
    _ range: VirtualRange, floor: VirtualAddress, ceiling: VirtualAddress
  ) {
    guard range.start != range.end else { return }
    let gap = Gap(
      first: range.start, last: VirtualAddress(range.end.rawValue &- 1), floor: floor,
      lastFree: VirtualAddress(ceiling.rawValue &- 1))
    freeTables(under: root, at: format.root, gap)
  }

  /// Gives every table back, the root too; what the leaves map is the caller's.
  ///
  /// Must be the last use of the value. Linux: `free_pgtables()`, `pgd_free()`.
  public mutating func destroy() {
    let everything = VirtualAddress(UInt.max)
    freeTables(
      under: root, at: format.root,
      Gap(first: VirtualAddress(0), last: everything, floor: VirtualAddress(0), lastFree: everything))
    counts[format.root] -= 1
    pages.freeTableFrame(root)
  }

  /// Frees what `gap` allows below a table that covers its addresses from `gap.first` on.
  private mutating func freeTables(
    under table: PageFrameNumber, at level: TranslationLevel, _ gap: Gap
  ) {
    let first = format.index(of: gap.first, at: level)
    var count = format.index(of: gap.last, at: level) + 1
    if level == format.root { count = min(count, ownedRootEntries) }
    guard first < count else { return }
    for index in first..<count {
      let entry = EntryLocation(table: table, index: index)
      let descriptor = load(entry)
      guard format.kind(of: descriptor, at: level) == .table else { continue }
      freeTable(at: entry, format.frame(in: descriptor, at: .pte), level, gap.first)
    }
  }
}
