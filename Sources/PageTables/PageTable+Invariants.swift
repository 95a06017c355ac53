internal import Machine
internal import MemoryTypes

extension PageTable {
  /// Traps with a message unless the tables are whole.
  ///
  /// Every table lies in RAM, is named by one entry, and is counted; no entry is malformed; the
  /// leaves of a contiguous group are all there, alike, with successive frames.
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
      checkGroup(descriptor, kind, table, index, level)
      guard kind == .table else { continue }
      count(table: format.frame(in: descriptor, at: .pte), at: level.below, into: &met)
    }
  }

  private func checkGroup(
    _ descriptor: UInt64, _ kind: DescriptorKind, _ table: PageFrameNumber, _ index: UInt,
    _ level: TranslationLevel
  ) {
    let shift = format.contiguousShift(of: level)
    guard kind == .leaf, shift != 0, descriptor & format.bits.contiguous != 0 else { return }
    let first = index & ~((1 &<< shift) &- 1)
    // Once for the first of the group, and for each whose neighbour is not in it.
    let before = index == first ? 0 : load(EntryLocation(table: table, index: index &- 1))
    guard before & format.bits.contiguous == 0 else { return }
    let address = format.pageSize.address(of: table).rawValue
    let location = PhysicalAddress(address &+ UInt64(first) &* format.entrySize)
    let count = 1 &<< UInt64(shift)
    precondition(
      sharedAttributes(from: location, count: count, level) != nil,
      "page table: a contiguous group is not whole")
    forEachEntry(ofGroupAt: location, level) { location in
      let descriptor = format.load(location, in: memory)
      precondition(
        descriptor & format.bits.contiguous != 0, "page table: a contiguous group is not whole")
    }
  }
}
