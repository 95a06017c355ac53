extension IntervalTree {
  /// Traps with a message unless the tree is whole: the rules of `RedBlackTree`, the greatest last
  /// points among them, and no interval that ends before it starts. O(count).
  public func checkInvariants() {
    tree.checkInvariants()
    tree.forEachElement { element in
      precondition(
        Linking.start(of: element) <= Linking.last(of: element),
        "interval tree: an interval ends before it starts")
    }
  }
}
