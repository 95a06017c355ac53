internal import Machine
public import MemoryTypes

extension PageTable {
  /// Frees the tables in `range` that have no entry left; the root stays.
  ///
  /// For who does not know the neighbours' mappings, as `freeTables` must. The addresses must have
  /// been invalidated since the last entry went, with the walk caches.
  /// - Complexity: O(entries of the tables touched).
  public mutating func freeEmptyTables(_ range: VirtualRange) {
    let pages = pages
    freeEmptyTables(range) { pages.freeTableFrame($0) }
  }

  /// The same, but the tables go into `batch`, which frees them after its flush: for tables that
  /// the hardware may be walking.
  public mutating func freeEmptyTables(_ range: VirtualRange, into batch: inout TLBBatch) {
    let memory = memory
    freeEmptyTables(range) { batch.add(table: $0, in: memory) }
  }

  private mutating func freeEmptyTables(
    _ range: VirtualRange, _ release: (PageFrameNumber) -> Void
  ) {
    guard range.start != range.end else { return }
    let last = VirtualAddress(range.end.rawValue &- 1)
    freeEmptyTables(under: root, at: format.root, range.start, last, release)
  }

  private mutating func freeEmptyTables(
    under table: PageFrameNumber, at level: TranslationLevel, _ first: VirtualAddress,
    _ last: VirtualAddress, _ release: (PageFrameNumber) -> Void
  ) {
    let start = format.index(of: first, at: level)
    var end = format.index(of: last, at: level)
    if level == format.root {
      guard start < ownedRootEntries else { return }
      end = min(end, ownedRootEntries &- 1)
    }
    guard start <= end else { return }
    for index in start...end {
      let entry = EntryLocation(table: table, index: index)
      let descriptor = load(entry)
      guard format.kind(of: descriptor, at: level) == .table else { continue }
      let below = format.frame(in: descriptor, at: .pte)
      if level.below > .pte {
        // Only the tables at the two ends are covered in part.
        let all = VirtualAddress(.max)
        freeEmptyTables(
          under: below, at: level.below, index == start ? first : VirtualAddress(0),
          index == end ? last : all, release)
      }
      guard isEmpty(below, level.below) else { continue }
      store(0, at: entry)
      counts[level.below] -= 1
      release(below)
    }
  }

  private func isEmpty(_ table: PageFrameNumber, _ level: TranslationLevel) -> Bool {
    for index in 0..<format.entryCount(of: level)
    where load(EntryLocation(table: table, index: index)) != 0 {
      return false
    }
    return true
  }
}
