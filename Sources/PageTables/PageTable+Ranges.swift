public import Machine
public import MemoryTypes

extension PageTable {
  /// Removes each leaf in `range`, upwards, and hands it to `removed`; tables stay.
  ///
  /// The frames belong to the caller, who may reuse them only after invalidating the addresses.
  /// - Precondition: larger leaves and contiguous groups lie in `range` as a whole; `isolate`
  ///   sees to that.
  /// - Complexity: O(leaves + tables touched), each table at most once.
  ///
  /// Linux: `unmap_page_range()`, mm/memory.c.
  public mutating func unmap(_ range: VirtualRange, _ removed: (VirtualAddress, Leaf) -> Void) {
    var cursor = cursor(range)
    var groupLast: VirtualAddress?
    var marks: LeafAttributes = []
    while let entry = next(&cursor) {
      guard entry.isLeaf else { continue }
      assertWhole(entry, in: range)
      if format.isGrouped(entry), groupLast.map({ entry.address > $0 }) ?? true {
        marks = groupMarks(of: entry)
        let end = format.group(around: entry.address, at: entry.level).end
        groupLast = VirtualAddress(end.rawValue &- 1)
      }
      var attributes = format.attributes(of: entry.descriptor, at: entry.level)
      if attributes.contains(.contiguous) { attributes.formUnion(marks) }
      format.store(0, at: entry.location, in: memory)
      let frame = format.frame(in: entry.descriptor, at: entry.level)
      removed(entry.address, Leaf(frame: frame, attributes: attributes, level: entry.level))
    }
  }

  /// Removes each entry of software's own in `range`, upwards, and hands it to `removed`.
  ///
  /// Nothing needs an invalidation: the hardware never saw them.
  /// - Complexity: as `unmap`.
  ///
  /// Linux: `zap_pte_range()`, mm/memory.c, where it frees swap entries.
  public mutating func removeSoftwareEntries(
    _ range: VirtualRange, _ removed: (VirtualAddress, SoftwareEntry) -> Void
  ) {
    var cursor = cursor(range)
    while let entry = next(&cursor) {
      guard entry.kind == .software else { continue }
      format.store(0, at: entry.location, in: memory)
      removed(entry.address, format.softwareEntry(in: entry.descriptor))
    }
  }

  /// Gives each leaf in `range` the attributes that `change` makes of its own: permissions, memory
  /// type, marks. `change` is asked once for a whole contiguous group, which stays one only if the
  /// new attributes say so.
  ///
  /// The caller invalidates the addresses if any leaf came to allow less.
  /// - Parameter breaking: invalidates the addresses of a contiguous group, whose leaves are gone
  ///   for that moment, before it returns: the architecture does not allow a group to change under
  ///   the hardware's eyes (Arm ARM D8.14.1 "break-before-make"). Traps unless given.
  /// - Precondition: larger leaves and contiguous groups lie in `range` as a whole; `isolate`
  ///   sees to that.
  /// - Complexity: O(leaves + tables touched), each table at most once.
  ///
  /// Linux: `change_protection()`, mm/mprotect.c.
  public mutating func protect(
    _ range: VirtualRange, breaking: (VirtualRange) -> Void = Breaking.unexpected,
    _ change: (LeafAttributes) -> LeafAttributes
  ) {
    protectLeaves(range, breaking: breaking) { change($0.attributes) }
  }

  /// The same where the frame decides too: `change` is shown the leaf, of a contiguous group the first.
  public mutating func protectLeaves(
    _ range: VirtualRange, breaking: (VirtualRange) -> Void = Breaking.unexpected,
    _ change: (Leaf) -> LeafAttributes
  ) {
    var cursor = cursor(range)
    while let entry = next(&cursor) {
      guard entry.isLeaf else { continue }
      assertWhole(entry, in: range)
      guard !format.isGrouped(entry) else {
        let group = format.group(around: entry.address, at: entry.level)
        changeGroup(entry, change(leaf(of: entry)), breaking)
        cursor.skip(past: VirtualAddress(group.end.rawValue &- 1), format)
        continue
      }
      let old = format.attributes(of: entry.descriptor, at: entry.level)
      let frame = format.frame(in: entry.descriptor, at: entry.level)
      let seen = Leaf(frame: frame, attributes: old, level: entry.level)
      let new = change(seen).subtracting(.contiguous)
      format.store(
        format.leafDescriptor(frame, new, at: entry.level), at: entry.location, in: memory)
    }
  }

  func assertWhole(_ entry: TableEntry, in range: VirtualRange) {
    guard entry.level != .pte || format.isGrouped(entry) else { return }
    let whole =
      format.isGrouped(entry)
      ? format.group(around: entry.address, at: entry.level)
      : format.block(around: entry.address, at: entry.level)
    precondition(
      range.start <= whole.start && whole.end.rawValue &- 1 <= range.end.rawValue &- 1,
      "a larger leaf or a contiguous group must be split first")
  }
}

/// What to do between the breaking and the making of a leaf, where nobody said.
public enum Breaking {
  /// Traps: the caller knows of no larger leaves and no contiguous groups.
  public static func unexpected(_ range: VirtualRange) {
    preconditionFailure("a larger leaf or a contiguous group changes without an invalidation")
  }
}
