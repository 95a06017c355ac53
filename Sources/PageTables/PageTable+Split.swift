public import Machine
public import MemoryTypes

extension PageTable {
  /// Makes the leaf around `address` leaves of one level less, which translate the same.
  ///
  /// A contiguous group becomes single leaves first. A base page stays.
  /// - Parameter breaking: invalidates the addresses of the leaf, which is gone for that moment,
  ///   before it returns (Arm ARM D8.14.1 "break-before-make"; x86 must not see two sizes either).
  /// - Throws: `outOfMemory` where there is no frame for the table; nothing changed then.
  /// - Complexity: O(levels + entries of a table).
  ///
  /// Linux: `__split_huge_pmd()`, mm/huge_memory.c.
  public mutating func split(
    _ address: VirtualAddress, breaking: (VirtualRange) -> Void
  ) throws(AllocationError) {
    guard let large = leafEntry(at: address), large.level > .pte else {
      return unfold(address, breaking: breaking)
    }
    let table = try pages.allocateTableFrame()
    unfold(address, breaking: breaking)
    // Read after the group was rewritten.
    let entry = leafEntry(at: address) ?? large
    let leaf = leaf(of: entry)
    let below = entry.level.below
    counts[below] += 1
    fillTable(table, leaf.frame, leaf.attributes, below)
    format.store(0, at: entry.location, in: memory)
    breaking(format.block(around: address, at: entry.level))
    let pointer = format.tableDescriptor(table, for: address, at: entry.level)
    format.store(pointer, at: entry.location, in: memory)
  }

  private func fillTable(
    _ table: PageFrameNumber, _ first: PageFrameNumber, _ attributes: LeafAttributes,
    _ level: TranslationLevel
  ) {
    let pages = PageCount(1 &<< (format.shift(of: level) &- UInt(format.pageSize.shift)))
    var frame = first
    for index in 0..<format.entryCount(of: level) {
      let descriptor = format.leafDescriptor(frame, attributes, at: level)
      store(descriptor, at: EntryLocation(table: table, index: index))
      frame = frame + pages
    }
  }

  /// Splits what straddles the ends of `range`, so that each leaf and each contiguous group lies
  /// inside or outside of it as a whole.
  ///
  /// - Parameter breaking: as for `split`.
  /// - Throws: `outOfMemory`; what was split stays split, and all translations are as before.
  /// - Complexity: O(levels × entries of a table).
  public mutating func isolate(
    _ range: VirtualRange, breaking: (VirtualRange) -> Void
  ) throws(AllocationError) {
    guard range.start != range.end else { return }
    try cut(at: range.start, breaking)
    try cut(at: range.end, breaking)
  }

  private mutating func cut(
    at border: VirtualAddress, _ breaking: (VirtualRange) -> Void
  ) throws(AllocationError) {
    while let entry = leafEntry(at: border) {
      let isGrouped = format.isGrouped(entry)
      if isGrouped, format.group(around: border, at: entry.level).start != border {
        unfold(border, breaking: breaking)
      } else if !isGrouped, entry.level > .pte, entry.address != border {
        try split(border, breaking: breaking)
      } else {
        return
      }
    }
  }

  /// Makes the leaves of one table one leaf of `level`, if they can be one, and frees the table.
  ///
  /// They can when `level` may hold leaves, and all entries of the table are leaves with successive
  /// frames from an aligned one on and equal attributes but for marks, of which the large leaf
  /// gets the union.
  /// - Parameter breaking: as for `split`; no walk may be in the table after it either.
  /// - Returns: whether `address` is mapped by a leaf of `level` now.
  /// - Complexity: O(levels + entries of a table).
  ///
  /// Linux: `collapse_pte_mapped_thp()`, mm/khugepaged.c.
  @discardableResult
  public mutating func collapse(
    _ address: VirtualAddress, to level: TranslationLevel, breaking: (VirtualRange) -> Void
  ) -> Bool {
    guard level > .pte, format.mayHoldLeaf(level) else { return false }
    let walk = walk(address, to: level)
    guard walk.level == level, format.kind(of: walk.descriptor, at: level) == .table else {
      return walk.level == level && walk.outcome == .leaf
    }
    let table = format.blockAddress(in: walk.descriptor, at: .pte)
    let count = UInt64(format.entryCount(of: level.below))
    guard let shared = sharedAttributes(from: table, count: count, level.below) else {
      return false
    }
    let frame = format.frame(in: format.load(table, in: memory), at: level.below)
    let large = format.leafDescriptor(frame, shared, at: level)
    guard format.frame(in: large, at: level) == frame else { return false }
    format.store(0, at: walk.entry, in: memory)
    breaking(format.block(around: address, at: level))
    format.store(large, at: walk.entry, in: memory)
    counts[level.below] -= 1
    pages.freeTableFrame(format.pageSize.frame(of: table))
    return true
  }
}
