internal import MemoryTypes
internal import PageTables

/// Page-table entries on their way from one range to another.
extension AddressSpace {
  /// Maps the pages of a range a second time, elsewhere; or none of them when there is no table.
  ///
  /// O(leaves + tables touched). Linux: `move_page_tables()`, mm/mremap.c.
  mutating func copyLeaves(
    from old: VirtualRange, to start: VirtualAddress
  ) throws(MapError) {
    guard !old.isEmpty else { return }
    // Tables that are added on the way are the target's: they do not lie in the cursor's range.
    var cursor = tables.cursor(old)
    while let entry = tables.next(&cursor) {
      let copy = start + (entry.address - old.start)
      do {
        if entry.isLeaf {
          let leaf = tables.leaf(of: entry)
          try tables.map(copy, to: leaf.frame, leaf.attributes, at: leaf.level)
        } else if let software = tables.softwareEntry(at: entry.address) {
          try tables.place(software, at: copy)
        }
      } catch {
        dropCopies(VirtualRange(start, copy + pageSize.bytes))
        throw .outOfMemory
      }
    }
  }

  /// Takes the entries of a range away that were copied before; the tables stay.
  mutating func forgetLeaves(_ range: VirtualRange) {
    guard !range.isEmpty else { return }
    batch.add(range)
    tables.unmap(range) { _, _ in }
    tables.removeSoftwareEntries(range) { _, _ in }
  }

  /// Takes back leaves that were copied in vain, with the tables they needed.
  mutating func dropCopies(_ range: VirtualRange) {
    guard !range.isEmpty else { return }
    forgetLeaves(range)
    let floor = vmas.vma(before: range.start)?.pointee.end ?? VirtualAddress(0)
    let ceiling = vmas.vma(atOrAfter: range.start)?.pointee.start ?? layout.taskSize
    tables.freeTables(range, floor: floor, ceiling: ceiling, into: &batch)
  }
}
