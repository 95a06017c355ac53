public import Machine
public import MemoryTypes

extension PageTable {
  /// Calls `body` for each leaf that maps part of `range`, upwards, with the first address and the
  /// first frame of the leaf.
  ///
  /// - Complexity: O(tables touched), each at most once. A `range.end` of 0 means the end of the
  ///   address space.
  ///
  /// Linux: `walk_page_range()`, mm/pagewalk.c.
  public func forEachLeaf(in range: VirtualRange, _ body: (VirtualAddress, Leaf) -> Void) {
    visitEntries(in: range) { entry in
      if entry.isLeaf { body(entry.address, leaf(of: entry)) }
    }
  }

  /// Removes each leaf in `range`, upwards, and hands it to `removed`; tables stay.
  ///
  /// The frames belong to the caller, who may reuse them only after invalidating the addresses.
  /// - Precondition: a larger leaf lies in `range` as a whole.
  /// - Complexity: O(tables touched), each at most once.
  ///
  /// Linux: `unmap_page_range()`, mm/memory.c.
  public mutating func unmap(_ range: VirtualRange, _ removed: (VirtualAddress, Leaf) -> Void) {
    visitEntries(in: range) { entry in
      guard entry.isLeaf else { return }
      assertWhole(entry, in: range)
      format.store(0, at: entry.location, in: memory)
      removed(entry.address, leaf(of: entry))
    }
  }

  /// Gives each leaf in `range` the attributes that `change` makes of its own.
  ///
  /// The caller invalidates the addresses if any leaf came to allow less.
  /// - Precondition: a larger leaf lies in `range` as a whole.
  /// - Complexity: O(tables touched), each at most once.
  ///
  /// Linux: `change_protection()`, mm/mprotect.c.
  public mutating func protect(
    _ range: VirtualRange, _ change: (LeafAttributes) -> LeafAttributes
  ) {
    visitEntries(in: range) { entry in
      guard entry.isLeaf else { return }
      assertWhole(entry, in: range)
      let old = leaf(of: entry)
      let new = format.leafDescriptor(old.frame, change(old.attributes), at: entry.level)
      format.store(new, at: entry.location, in: memory)
    }
  }

  private func leaf(of entry: VisitedEntry) -> Leaf {
    Leaf(
      frame: format.frame(in: entry.descriptor, at: entry.level),
      attributes: format.attributes(of: entry.descriptor, at: entry.level), level: entry.level)
  }

  private func assertWhole(_ entry: VisitedEntry, in range: VirtualRange) {
    let last = format.blockLast(entry.address, at: entry.level)
    precondition(
      entry.level == .pte
        || (range.start <= entry.address && last.rawValue <= range.end.rawValue &- 1),
      "a larger leaf must be split first")
  }
}
