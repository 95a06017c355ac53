extension RedBlackTree {
  /// The free place below `parent` that a removal left; `isShort` when a black element went, so
  /// that the ways through it pass one black element too few.
  private struct Hole {
    var parent: Ref<Element>?
    var side: TreeSide
    var isShort: Bool
  }

  /// Takes `element`, which stands in this tree, out of it and clears its link.
  ///
  /// The other elements stay where they are in memory. O(log count). Linux: `rb_erase()`.
  public mutating func remove(_ element: Ref<Element>) {
    let link = Linking.link(of: element)
    var hole: Hole
    if link.pointee.left != nil, let right = link.pointee.right {
      let heir = outermost(of: right, .left)
      hole = unhang(heir)
      substitute(heir, for: element)
      if hole.parent == element { hole.parent = heir }
      updateAugmentation(from: hole.parent, through: heir)
    } else {
      hole = unhang(element)
      augmentationChanged(at: hole.parent)
    }
    link.pointee = TreeLink()
    count &-= 1
    if hole.isShort { repair(hole) }
  }

  /// Takes out an element with at most one child; the child takes its place.
  ///
  /// An only child is red and its parent black (else rule 3 would not hold), so a child painted
  /// black makes up for the loss.
  @inline(__always)
  private mutating func unhang(_ element: Ref<Element>) -> Hole {
    let link = Linking.link(of: element)
    let parent = link.pointee.parent
    let side = parent.map { self.side(of: element, below: $0) } ?? .left
    let child = link.pointee.left ?? link.pointee.right
    replaceChild(element, of: parent, by: child)
    guard let child else {
      return Hole(parent: parent, side: side, isShort: link.pointee.isBlack)
    }
    Linking.link(of: child).pointee.parent = parent
    paint(child, black: true)
    return Hole(parent: parent, side: side, isShort: false)
  }

  /// Puts `heir`, already unhung, with the colour of `element` in its place.
  @inline(__always)
  private mutating func substitute(_ heir: Ref<Element>, for element: Ref<Element>) {
    let link = Linking.link(of: element).pointee
    Linking.link(of: heir).pointee = link
    replaceChild(element, of: link.parent, by: heir)
    if let left = link.left { Linking.link(of: left).pointee.parent = heir }
    if let right = link.right { Linking.link(of: right).pointee.parent = heir }
  }

  /// Sums up from the hole to the root, by way of `heir`.
  ///
  /// The heir's stored summary is that of its old place, so its being equal must not stop the way
  /// up; nor may an unchanged summary below it keep it from being recomputed.
  @inline(__always)
  private func updateAugmentation(from start: Ref<Element>?, through heir: Ref<Element>) {
    var cursor = start
    while let element = cursor, element != heir, Linking.updateAugmentation(of: element) {
      cursor = parent(of: element)
    }
    _ = Linking.updateAugmentation(of: heir)
    augmentationChanged(at: parent(of: heir))
  }

  /// Restores "every way down passes the same number of black elements" from a hole upwards.
  private mutating func repair(_ hole: Hole) {
    var side = hole.side
    var cursor = hole.parent
    while let parent = cursor {
      let sibling = blackSibling(below: parent, side)
      let link = Linking.link(of: sibling)
      if isBlack(link.pointee.left) && isBlack(link.pointee.right) {
        paint(sibling, black: false)
        if isRed(parent) {
          paint(parent, black: true)
          return
        }
        cursor = self.parent(of: parent)
        if let next = cursor { side = self.side(of: parent, below: next) }
      } else {
        borrow(from: sibling, below: parent, side)
        return
      }
    }
  }

  /// The black element opposite of a short side; a red one is first turned above `parent`.
  private mutating func blackSibling(below parent: Ref<Element>, _ side: TreeSide) -> Ref<Element> {
    let sibling = child(of: parent, side.opposite)
    guard isRed(sibling) else { return sibling }
    paint(sibling, black: true)
    paint(parent, black: false)
    rotate(parent, towards: side)
    return child(of: parent, side.opposite)
  }

  /// Ends a repair: a black element moves over from the sibling's side, whose red child pays.
  private mutating func borrow(
    from sibling: Ref<Element>, below parent: Ref<Element>, _ side: TreeSide
  ) {
    var top = sibling
    if isBlack(Linking.link(of: sibling).pointee[side.opposite]) {
      top = child(of: sibling, side)
      rotate(sibling, towards: side.opposite)
    } else {
      paint(child(of: sibling, side.opposite), black: true)
    }
    paint(top, black: !isRed(parent))
    paint(parent, black: true)
    rotate(parent, towards: side)
  }

  @inline(__always)
  private func isBlack(_ element: Ref<Element>?) -> Bool { element.map { !isRed($0) } ?? true }

  @inline(__always)
  private func child(of parent: Ref<Element>, _ side: TreeSide) -> Ref<Element> {
    guard let child = Linking.link(of: parent).pointee[side] else {
      preconditionFailure("red-black tree: a way down is too short")
    }
    return child
  }
}
