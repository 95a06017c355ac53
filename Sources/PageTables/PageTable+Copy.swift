public import Machine
public import MemoryTypes

extension PageTable {
  /// Gives `child` the leaves and software's entries that this value has in `range`: fork.
  ///
  /// Each leaf, or contiguous group as a whole, is shown to `transform`, which says what it becomes
  /// on both sides (without `.write`, where the frame is to be copied when somebody writes), or nil
  /// to leave it out. Swap and migration entries lose what made them the parent's alone on both
  /// sides, and are shown to `shared` afterwards. The child's tables are allocated first: when
  /// there are too few frames, nothing changed on either side. The caller then invalidates the
  /// parent's addresses if it narrowed any leaf.
  /// - Parameter breaking: as for `protect`, for the parent's contiguous groups.
  /// - Precondition: the child has nothing in `range`; larger leaves and contiguous groups lie in
  ///   `range` as a whole. The child is not in use: its groups are written piece by piece.
  /// - Complexity: O(leaves + tables touched).
  ///
  /// Linux: `copy_page_range()`, mm/memory.c.
  public mutating func copy(
    _ range: VirtualRange, to child: inout PageTable,
    breaking: (VirtualRange) -> Void = Breaking.unexpected,
    shared: (VirtualAddress, SoftwareEntry) -> Void = { _, _ in },
    _ transform: (VirtualAddress, Leaf) -> (parent: LeafAttributes, child: LeafAttributes)?
  ) throws(AllocationError) {
    var reserve = try TableReserve(tablesMissing(in: child, range), from: child.pages)
    var target = CopyTarget()
    var cursor = cursor(range)
    while let entry = next(&cursor) {
      if entry.kind == .software {
        let descriptor = format.shared(software: entry.descriptor)
        format.store(descriptor, at: entry.location, in: memory)
        let copy = child.location(for: entry, &target, &reserve)
        format.store(descriptor, at: copy, in: child.memory)
        shared(entry.address, format.softwareEntry(in: descriptor))
      } else if entry.isLeaf {
        assertWhole(entry, in: range)
        let leaf = leaf(of: entry)
        if let both = transform(entry.address, leaf) {
          change(entry, leaf, to: both.parent, breaking)
          child.receive(entry, leaf.frame, both.child, &target, &reserve)
        }
        guard format.isGrouped(entry) else { continue }
        let group = format.group(around: entry.address, at: entry.level)
        cursor.skip(past: VirtualAddress(group.end.rawValue &- 1), format)
      }
    }
    reserve.release(to: child.pages)
  }

  /// The tables that `child` lacks for what stands in `range` here.
  private func tablesMissing(in child: borrowing PageTable, _ range: VirtualRange) -> UInt {
    var missing: UInt = 0
    var counted = InlineArray<5, VirtualAddress>(repeating: VirtualAddress(1))
    var cursor = cursor(range)
    while let entry = next(&cursor) {
      let walk = child.walk(entry.address, to: entry.level)
      for level in entry.level.rawValue..<max(walk.level.rawValue, entry.level.rawValue) {
        let block = format.blockStart(entry.address, at: TranslationLevel(level &+ 1))
        if counted[Int(level)] != block { missing += 1 }
        counted[Int(level)] = block
      }
      if entry.level == .pte {
        cursor.skip(past: format.blockLast(entry.address, at: .pmd), format)
      }
    }
    return missing
  }

  private func change(
    _ entry: TableEntry, _ leaf: Leaf, to attributes: LeafAttributes,
    _ breaking: (VirtualRange) -> Void
  ) {
    guard attributes != leaf.attributes else { return }
    guard !format.isGrouped(entry) else { return changeGroup(entry, attributes, breaking) }
    let changed = attributes.subtracting(.contiguous)
    format.store(
      format.leafDescriptor(leaf.frame, changed, at: entry.level), at: entry.location, in: memory)
  }

  /// Takes over a leaf of the parent's, or its whole contiguous group.
  private mutating func receive(
    _ entry: TableEntry, _ frame: PageFrameNumber, _ attributes: LeafAttributes,
    _ target: inout CopyTarget, _ reserve: inout TableReserve
  ) {
    let location = location(for: entry, &target, &reserve)
    guard format.isGrouped(entry) else {
      let own = attributes.subtracting(.contiguous)
      let descriptor = format.leafDescriptor(frame, own, at: entry.level)
      return format.store(descriptor, at: location, in: memory)
    }
    let pages = PageCount(1 &<< (format.shift(of: entry.level) &- UInt(format.pageSize.shift)))
    var frame = frame
    forEachEntry(ofGroupAt: location, entry.level) { location in
      format.store(
        format.leafDescriptor(frame, attributes, at: entry.level), at: location, in: memory)
      frame = frame + pages
    }
  }

  /// Where the entry like the parent's `entry` stands here, after adding the tables above it.
  private mutating func location(
    for entry: TableEntry, _ target: inout CopyTarget, _ reserve: inout TableReserve
  ) -> PhysicalAddress {
    let index = UInt64(format.index(of: entry.address, at: entry.level))
    let block =
      entry.level < format.root
      ? format.blockStart(entry.address, at: entry.level.above) : VirtualAddress(0)
    if target.level != entry.level || target.block != block {
      let walk = walk(entry.address, to: entry.level)
      let end = addTables(from: walk, for: entry.address, to: entry.level, &reserve)
      precondition(end.outcome == .empty, "the child has something there")
      target.level = entry.level
      target.block = block
      target.table = PhysicalAddress(end.entry.rawValue &- index &* format.entrySize)
    }
    return PhysicalAddress(target.table.rawValue &+ index &* format.entrySize)
  }
}

/// The table of the child that took the last entry.
private struct CopyTarget {
  var table = PhysicalAddress(0)
  var level = TranslationLevel(.max)
  var block = VirtualAddress(0)
}
