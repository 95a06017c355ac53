extension RadixTree {
  /// Traps with a message unless the tree is whole: see the invariants in `RadixTree`.
  ///
  /// O(nodes).
  public func checkInvariants() {
    var entries: UInt = 0
    var met: UInt = 0
    if let root {
      precondition(root.pointee.parent == nil, "radix tree: the root has a parent")
      precondition(
        root.pointee.shift == 0 || root.pointee.occupied != 1, "radix tree: higher than needed")
      check(root, &entries, &met)
    }
    precondition(entries == count, "radix tree: the count of entries is wrong")
    precondition(met == nodeCount, "radix tree: the count of nodes is wrong")
  }

  private func check(_ node: Ref<RadixNode>, _ entries: inout UInt, _ met: inout UInt) {
    met += 1
    precondition(met <= nodeCount, "radix tree: more nodes are linked than counted")
    precondition(node.pointee.occupied != 0, "radix tree: a node is empty")
    for slot in 0..<64 {
      precondition(
        node.pointee.isOccupied(slot) == (node.pointee.word(in: slot) != 0),
        "radix tree: the mask of a node is wrong")
      guard node.pointee.isOccupied(slot) else { continue }
      if node.pointee.shift == 0 { entries += 1 } else { checkChild(of: node, slot) }
    }
    guard node.pointee.shift > 0 else { return }
    for slot in 0..<64 {
      if let child = node.pointee.child(in: slot) { check(child, &entries, &met) }
    }
  }

  private func checkChild(of node: Ref<RadixNode>, _ slot: Int) {
    guard let child = node.pointee.child(in: slot) else { return }
    precondition(child.pointee.parent == node, "radix tree: a parent link is wrong")
    precondition(Int(child.pointee.place) == slot, "radix tree: a node stands in another slot")
    precondition(
      child.pointee.shift + RadixNode.bitsPerLevel == node.pointee.shift,
      "radix tree: a level is left out")
  }
}
