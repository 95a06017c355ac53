public import Machine
public import MemoryTypes

extension PageTable {
  /// Makes the leaves of `level` around `address` a contiguous group, if they can be one.
  ///
  /// They can when all are there, with successive frames from an aligned one on, and with equal
  /// attributes but for marks, of which all get the union.
  /// - Parameter breaking: as for `protect`.
  /// - Returns: whether they are one now.
  /// - Complexity: O(levels + leaves of a group).
  ///
  /// Linux: `contpte_try_fold()`, arch/arm64/mm/contpte.c.
  @discardableResult
  public mutating func fold(
    _ address: VirtualAddress, at level: TranslationLevel = .pte,
    breaking: (VirtualRange) -> Void
  ) -> Bool {
    guard format.contiguousShift(of: level) != 0, let entry = leafEntry(at: address) else {
      return false
    }
    guard entry.level == level, entry.kind == .leaf else { return false }
    let count = 1 &<< UInt64(format.contiguousShift(of: level))
    let offset = entry.location.rawValue & (count &* format.entrySize &- 1)
    let first = PhysicalAddress(entry.location.rawValue &- offset)
    guard let shared = sharedAttributes(from: first, count: count, level) else { return false }
    var head = entry
    head.location = first
    head.descriptor = format.load(first, in: memory)
    let frame = format.frame(in: head.descriptor, at: level)
    let pages = count &<< UInt64(format.shift(of: level) &- UInt(format.pageSize.shift))
    guard UInt64(frame.rawValue) & (pages &- 1) == 0 else { return false }
    changeGroup(head, shared.union(.contiguous), breaking)
    return true
  }

  /// Makes the contiguous group around `address` single leaves, which translate the same.
  ///
  /// Where there is no group, nothing happens.
  /// - Parameter breaking: as for `protect`.
  /// - Complexity: O(levels + leaves of a group).
  ///
  /// Linux: `contpte_try_unfold()`, arch/arm64/mm/contpte.c.
  public mutating func unfold(_ address: VirtualAddress, breaking: (VirtualRange) -> Void) {
    guard let entry = leafEntry(at: address), format.isGrouped(entry) else { return }
    changeGroup(entry, leaf(of: entry).attributes.subtracting(.contiguous), breaking)
  }

  /// Writes a whole group anew, of which `entry` is any: all leaves go, the addresses are
  /// invalidated, then all come back. Frames are successive.
  func changeGroup(
    _ entry: TableEntry, _ attributes: LeafAttributes, _ breaking: (VirtualRange) -> Void
  ) {
    let level = entry.level
    let pages = PageCount(1 &<< (format.shift(of: level) &- UInt(format.pageSize.shift)))
    let groupPages = pages.rawValue &<< format.contiguousShift(of: level)
    let any = format.frame(in: entry.descriptor, at: level)
    var frame = PageFrameNumber(any.rawValue & ~(groupPages &- 1))
    forEachEntry(ofGroupAt: entry.location, level) { format.store(0, at: $0, in: memory) }
    breaking(format.group(around: entry.address, at: level))
    let isOpen = !attributes.isDisjoint(with: [.read, .write, .execute, .kernelExecute])
    let kept = isOpen ? attributes : attributes.subtracting(.contiguous)
    forEachEntry(ofGroupAt: entry.location, level) { location in
      format.store(format.leafDescriptor(frame, kept, at: level), at: location, in: memory)
      frame = frame + pages
    }
  }

  /// The attributes that `count` leaves from `first` on have in common, with the marks of any; nil
  /// if one is no leaf, or differs, or its frame is not the next.
  func sharedAttributes(
    from first: PhysicalAddress, count: UInt64, _ level: TranslationLevel
  ) -> LeafAttributes? {
    let apart: LeafAttributes = [.accessed, .dirty, .contiguous]
    let pages = PageCount(1 &<< (format.shift(of: level) &- UInt(format.pageSize.shift)))
    var location = first
    var expected = format.frame(in: format.load(first, in: memory), at: level)
    let model = format.attributes(of: format.load(first, in: memory), at: level)
    var union = model
    for _ in 0..<count {
      let descriptor = format.load(location, in: memory)
      let attributes = format.attributes(of: descriptor, at: level)
      guard format.kind(of: descriptor, at: level) == .leaf,
        format.frame(in: descriptor, at: level) == expected,
        attributes.symmetricDifference(model).subtracting(apart).isEmpty
      else { return nil }
      union.formUnion(attributes.intersection(.marks))
      expected = expected + pages
      location = PhysicalAddress(location.rawValue &+ format.entrySize)
    }
    return union.subtracting(.contiguous)
  }

  /// The entry of the leaf that maps `address`.
  func leafEntry(at address: VirtualAddress) -> TableEntry? {
    let walk = walk(address)
    guard walk.outcome == .leaf || walk.outcome == .inaccessible else { return nil }
    return TableEntry(
      address: format.blockStart(address, at: walk.level), level: walk.level,
      kind: walk.outcome == .leaf ? .leaf : .inaccessible, descriptor: walk.descriptor,
      location: walk.entry)
  }
}
