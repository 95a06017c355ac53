extension RadixTree {
  /// An index that has a value, and the value.
  public struct Entry: Equatable, Sendable {
    public let index: UInt
    public let value: UInt
  }

  /// The entry with the least index at or behind `index`; nil for none.
  ///
  /// O(height), whatever lies between. Linux: `xa_find()`.
  public func first(atOrAfter index: UInt) -> Entry? {
    guard var node = root, index <= node.pointee.lastIndex else { return nil }
    var isOnWay = true
    var from = node.pointee.slot(of: index)
    while true {
      guard let slot = node.pointee.firstOccupied(from: from) else {
        guard let higher = node.pointee.parent else { return nil }
        from = Int(node.pointee.place) &+ 1
        node = higher
        isOnWay = false
        continue
      }
      guard node.pointee.shift > 0, let child = node.pointee.child(in: slot) else {
        return entry(in: slot, of: node)
      }
      isOnWay = isOnWay && slot == from
      node = child
      from = isOnWay ? child.pointee.slot(of: index) : 0
    }
  }

  /// The entry with the greatest index at or before `index`; nil for none. O(height).
  public func last(atOrBefore index: UInt) -> Entry? {
    guard var node = root else { return nil }
    var isOnWay = index <= node.pointee.lastIndex
    var from = isOnWay ? node.pointee.slot(of: index) : 63
    while true {
      guard let slot = node.pointee.lastOccupied(upTo: from) else {
        guard let higher = node.pointee.parent else { return nil }
        from = Int(node.pointee.place) &- 1
        node = higher
        isOnWay = false
        continue
      }
      guard node.pointee.shift > 0, let child = node.pointee.child(in: slot) else {
        return entry(in: slot, of: node)
      }
      isOnWay = isOnWay && slot == from
      node = child
      from = isOnWay ? child.pointee.slot(of: index) : 63
    }
  }

  /// Calls `body` with each entry from `first` through `last`, in order.
  ///
  /// `body` must not change the tree; who wants to, steps with `first(atOrAfter:)`. O(height) per
  /// entry. Linux: `xa_for_each_range()`.
  @inline(__always)
  public func forEachEntry<Failure>(
    from first: UInt = 0, through last: UInt = .max, _ body: (Entry) throws(Failure) -> Void
  ) throws(Failure) {
    var cursor = self.first(atOrAfter: first)
    while let entry = cursor, entry.index <= last {
      try body(entry)
      let (next, isBehindEnd) = entry.index.addingReportingOverflow(1)
      cursor = isBehindEnd ? nil : self.first(atOrAfter: next)
    }
  }

  /// Empties the tree, calling `body` with each entry in order, and frees every node. O(nodes).
  ///
  /// `body` must not use the tree. Linux: `xa_destroy()`.
  public mutating func removeAll(_ body: (Entry) -> Void) {
    var cursor = root
    while let node = cursor {
      if node.pointee.shift > 0, let slot = node.pointee.firstOccupied(from: 0) {
        cursor = node.pointee.child(in: slot)
        node.pointee.setWord(0, in: slot)
      } else {
        passEntries(of: node, to: body)
        cursor = node.pointee.parent
        free(node)
      }
    }
    root = nil
    count = 0
  }

  /// Empties the tree and frees every node. O(nodes).
  public mutating func removeAll() {
    removeAll { _ in }
  }

  private func passEntries(of node: Ref<RadixNode>, to body: (Entry) -> Void) {
    var slot = node.pointee.firstOccupied(from: 0)
    while let current = slot {
      body(entry(in: current, of: node))
      slot = node.pointee.firstOccupied(from: current &+ 1)
    }
  }

  private func entry(in slot: Int, of node: Ref<RadixNode>) -> Entry {
    var index = UInt(bitPattern: slot)
    var node = node
    let value = node.pointee.word(in: slot)
    while let higher = node.pointee.parent {
      index |= UInt(node.pointee.place) &<< UInt(higher.pointee.shift)
      node = higher
    }
    return Entry(index: index, value: value)
  }
}
