extension RedBlackTree {
  /// Traps with a message unless the tree is whole.
  ///
  /// The three rules of colour hold, children point back at their parents, no element precedes
  /// the one before it, each summary is what recomputing it gives, and the count is the number of
  /// elements met. O(count).
  public func checkInvariants() {
    if let root {
      precondition(parent(of: root) == nil, "red-black tree: the root has a parent")
      precondition(!isRed(root), "red-black tree: the root is red")
    }
    var met = 0
    _ = checkSubtree(root, &met)
    precondition(met == count, "red-black tree: fewer elements are linked than counted")
    checkOrder()
  }

  /// Checks everything below `element` and gives the number of black elements on each way down.
  private func checkSubtree(_ element: Ref<Element>?, _ met: inout Int) -> Int {
    guard let element else { return 0 }
    met += 1
    precondition(met <= count, "red-black tree: more elements are linked than counted")
    checkEdge(from: element, to: left(of: element))
    checkEdge(from: element, to: right(of: element))
    let leftHeight = checkSubtree(left(of: element), &met)
    let rightHeight = checkSubtree(right(of: element), &met)
    precondition(leftHeight == rightHeight, "red-black tree: the ways down differ in black ones")
    precondition(
      !Linking.updateAugmentation(of: element), "red-black tree: a summary is out of date")
    return leftHeight + (isRed(element) ? 0 : 1)
  }

  private func checkEdge(from element: Ref<Element>, to child: Ref<Element>?) {
    guard let child else { return }
    precondition(parent(of: child) == element, "red-black tree: a parent link is wrong")
    precondition(!(isRed(element) && isRed(child)), "red-black tree: a red parent of a red one")
  }

  private func checkOrder() {
    var met = 0
    var previous: Ref<Element>?
    var cursor = first
    while let element = cursor {
      met += 1
      precondition(met <= count, "red-black tree: the walk in order does not end")
      if let previous {
        precondition(!Linking.precedes(element, previous), "red-black tree: out of order")
      }
      previous = element
      cursor = successor(of: element)
    }
    precondition(previous == last && met == count, "red-black tree: the walk misses elements")
  }
}
