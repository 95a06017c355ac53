internal import Machine
internal import MemoryTypes

extension PageTable {
  /// Traps with a message unless the tables are whole.
  ///
  /// Every table lies in RAM, is named by one entry, and is counted; no entry is malformed.
  /// - Complexity: O(entries of all tables); nothing is changed.
  public func checkInvariants() {
    var met = TableCounts()
    count(table: root, at: format.root, into: &met)
    precondition(met == counts, "page table: the counts differ from the tables there are")
  }

  private func count(
    table: PageFrameNumber, at level: TranslationLevel, into met: inout TableCounts
  ) {
    precondition(memory.contains(table), "page table: a table lies beyond RAM")
    met[level] += 1
    // A table reached twice is counted twice, so a loop ends here.
    precondition(met.total <= counts.total, "page table: the counts differ from the tables")
    let owned = level == format.root ? ownedRootEntries : format.entryCount(of: level)
    for index in 0..<owned {
      let descriptor = load(EntryLocation(table: table, index: index))
      let kind = format.kind(of: descriptor, at: level)
      precondition(kind != .malformed && kind != .reserved, "page table: a malformed entry")
      guard kind == .table else { continue }
      count(table: format.frame(in: descriptor, at: .pte), at: level.below, into: &met)
    }
  }
}
