public import Machine
public import MemoryTypes

extension PageTable {
  /// Maps the page of `address`, or the block of `level` around it, to `frame` and those behind,
  /// in place of the leaf of that level that was there.
  ///
  /// Missing tables are allocated first: when there are too few frames, nothing changed. Replacing
  /// a leaf needs an invalidation; filling an empty entry needs none.
  /// - Precondition: `address` is canonical, not the kernel's shared part, not inside a larger leaf
  ///   or a contiguous group (see `isolate`), and of `level` there is no table. `frame` is aligned
  ///   to the leaf.
  /// - Complexity: O(levels).
  ///
  /// Linux: `pte_alloc_map()`, `set_pte_at()`, mm/memory.c; `do_huge_pmd_anonymous_page()`.
  public mutating func map(
    _ address: VirtualAddress, to frame: PageFrameNumber, _ attributes: LeafAttributes,
    at level: TranslationLevel = .pte
  ) throws(AllocationError) {
    precondition(format.mayHoldLeaf(level), "no leaf at that level")
    let walk = try entry(for: address, at: level)
    precondition(
      walk.descriptor & format.bits.contiguous == 0 || walk.outcome != .leaf,
      "a contiguous group must be unfolded first")
    let descriptor = format.leafDescriptor(
      frame, attributes.subtracting(.contiguous), at: level)
    assert(format.frame(in: descriptor, at: level) == frame, "the frame is not aligned")
    format.store(descriptor, at: walk.entry, in: memory)
  }

  /// Writes an entry of software's own for the page of `address`, in place of what was there.
  ///
  /// - Throws: as `map`. Replacing a leaf needs an invalidation.
  /// - Complexity: O(levels).
  ///
  /// Linux: `set_pte_at()` with `swp_entry_to_pte()`, mm/rmap.c.
  public mutating func place(
    _ software: SoftwareEntry, at address: VirtualAddress
  ) throws(AllocationError) {
    let walk = try entry(for: address, at: .pte)
    precondition(
      walk.descriptor & format.bits.contiguous == 0 || walk.outcome != .leaf,
      "a contiguous group must be unfolded first")
    format.store(format.descriptor(of: software), at: walk.entry, in: memory)
  }

  /// Where the entry of `level` for `address` stands, after allocating the tables above it.
  private mutating func entry(
    for address: VirtualAddress, at level: TranslationLevel
  ) throws(AllocationError) -> TranslationWalk {
    precondition(
      format.index(of: address, at: format.root) < ownedRootEntries, "the kernel's shared tables")
    let walk = walk(address, to: level)
    precondition(walk.outcome != .nonCanonical, "address the hardware cannot translate")
    guard walk.level > level else {
      precondition(
        level == .pte || format.kind(of: walk.descriptor, at: level) != .table,
        "a table stands where the leaf would")
      return walk
    }
    precondition(walk.outcome == .empty, "no place for a leaf: a larger one or a damaged table")
    var reserve = try TableReserve(
      UInt(walk.level.rawValue &- level.rawValue), from: pages)
    return addTables(from: walk, for: address, to: level, &reserve)
  }

  /// Puts tables of `reserve` under the empty entry of `walk`, down to `level`.
  mutating func addTables(
    from walk: TranslationWalk, for address: VirtualAddress, to level: TranslationLevel,
    _ reserve: inout TableReserve
  ) -> TranslationWalk {
    var walk = walk
    while walk.level > level {
      let table = reserve.take(in: memory)
      counts[walk.level.below] += 1
      let descriptor = format.tableDescriptor(table, for: address, at: walk.level)
      format.store(descriptor, at: walk.entry, in: memory)
      walk = format.walk(
        address, from: table, at: walk.level.below, downTo: level, in: memory)
    }
    return walk
  }
}
