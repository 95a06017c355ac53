public import Machine
public import MemoryTypes

extension PageTable {
  /// Maps the page of `address` to `frame`, in place of what was mapped there.
  ///
  /// Missing tables are allocated on the way. When that fails nothing is mapped; tables allocated
  /// so far stay, empty, and are found by `freeTables`. Replacing a leaf needs an invalidation;
  /// filling an empty entry needs none.
  /// - Precondition: `address` is canonical, not the kernel's shared part, and not inside a larger
  ///   leaf.
  /// - Complexity: O(levels).
  ///
  /// Linux: `pte_alloc_map()`, `set_pte_at()`, mm/memory.c.
  public mutating func map(
    _ address: VirtualAddress, to frame: PageFrameNumber, _ attributes: LeafAttributes
  ) throws(AllocationError) {
    let entry = try lastEntry(for: address)
    format.store(format.leafDescriptor(frame, attributes), at: entry, in: memory)
  }

  /// Where the last-level entry for `address` stands, after allocating the tables above it.
  private mutating func lastEntry(
    for address: VirtualAddress
  ) throws(AllocationError) -> PhysicalAddress {
    precondition(
      format.index(of: address, at: format.root) < ownedRootEntries, "the kernel's shared tables")
    var walk = walk(address)
    while walk.level > .pte {
      precondition(walk.outcome == .empty, "no place for a page: larger leaf or damaged table")
      let table = try pages.allocateTableFrame()
      let level = walk.level.below
      counts[level] += 1
      let descriptor = format.tableDescriptor(table, for: address, at: walk.level)
      format.store(descriptor, at: walk.entry, in: memory)
      walk = format.walk(address, from: table, at: level, in: memory)
    }
    precondition(walk.outcome != .nonCanonical, "address the hardware cannot translate")
    return walk.entry
  }
}
