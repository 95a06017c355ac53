public import Machine
public import MemoryTypes

extension PageTable {
  /// A cursor before the first entry in `range`.
  public func cursor(_ range: VirtualRange) -> TableCursor {
    TableCursor(range, root: root, format: format, memory: memory)
  }

  /// The next entry from `cursor` on: a leaf, or software's own.
  public func next(_ cursor: inout TableCursor) -> TableEntry? {
    cursor.next(format, memory)
  }

  /// What `entry`, which is a leaf, maps.
  ///
  /// Hardware may mark any one leaf of a contiguous group in the name of all, so each shows the
  /// marks of its group.
  @inline(__always)
  public func leaf(of entry: TableEntry) -> Leaf {
    var attributes = format.attributes(of: entry.descriptor, at: entry.level)
    if format.isGrouped(entry) { attributes.formUnion(groupMarks(of: entry)) }
    return Leaf(
      frame: format.frame(in: entry.descriptor, at: entry.level), attributes: attributes,
      level: entry.level)
  }

  /// `.accessed` and `.dirty` as any leaf in the contiguous group of `entry` has them.
  @inline(never)
  func groupMarks(of entry: TableEntry) -> LeafAttributes {
    var marks: LeafAttributes = []
    forEachEntry(ofGroupAt: entry.location, entry.level) { location in
      marks.formUnion(format.attributes(of: format.load(location, in: memory), at: entry.level))
    }
    return marks.intersection(.marks)
  }

  /// Calls `body` with the place of each entry in the contiguous group of the entry at `location`.
  @inline(__always)
  func forEachEntry(
    ofGroupAt location: PhysicalAddress, _ level: TranslationLevel,
    _ body: (PhysicalAddress) -> Void
  ) {
    let count = 1 &<< UInt64(format.contiguousShift(of: level))
    // Tables are aligned to their size, so groups are to theirs.
    let first = location.rawValue & ~(count &* format.entrySize &- 1)
    for index in 0..<count { body(PhysicalAddress(first &+ index &* format.entrySize)) }
  }

  /// Calls `body` for each leaf that maps part of `range`, upwards, with the first address and the
  /// first frame of the leaf.
  ///
  /// - Complexity: O(leaves + tables touched), each table at most once. A `range.end` of 0 means
  ///   the end of the address space.
  ///
  /// Linux: `walk_page_range()`, mm/pagewalk.c.
  public func forEachLeaf(in range: VirtualRange, _ body: (VirtualAddress, Leaf) -> Void) {
    var cursor = cursor(range)
    while let entry = next(&cursor) {
      if entry.isLeaf { body(entry.address, leaf(of: entry)) }
    }
  }

  /// Calls `body` for each entry of software's own in `range`, upwards.
  ///
  /// - Complexity: as `forEachLeaf`.
  public func forEachSoftwareEntry(
    in range: VirtualRange, _ body: (VirtualAddress, SoftwareEntry) -> Void
  ) {
    var cursor = cursor(range)
    while let entry = next(&cursor) {
      guard entry.kind == .software else { continue }
      body(entry.address, format.softwareEntry(in: entry.descriptor))
    }
  }
}
