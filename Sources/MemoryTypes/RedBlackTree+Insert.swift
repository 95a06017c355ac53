extension RedBlackTree {
  /// Puts `element`, which stands in no tree by this link, into its place.
  ///
  /// Behind all elements it does not precede. O(log count). Linux: `rb_add()`.
  public mutating func insert(_ element: Ref<Element>) {
    var parent: Ref<Element>?
    var side = TreeSide.left
    var cursor = root
    while let other = cursor {
      parent = other
      side = Linking.precedes(element, other) ? .left : .right
      cursor = Linking.link(of: other).pointee[side]
    }
    hang(element, below: parent, on: side)
  }

  /// Links a red leaf at a free place, then sums up and repairs. Linux: `rb_link_node()`.
  private mutating func hang(
    _ element: Ref<Element>, below parent: Ref<Element>?, on side: TreeSide
  ) {
    let link = Linking.link(of: element)
    link.pointee = TreeLink()
    link.pointee.parent = parent
    if let parent {
      Linking.link(of: parent).pointee[side] = element
    } else {
      root = element
    }
    count &+= 1
    // A leaf's stored summary is a leftover, so its being equal must not stop the way up.
    _ = Linking.updateAugmentation(of: element)
    augmentationChanged(at: parent)
    repair(afterInserting: element)
  }

  /// Restores "the parent of a red element is black" from a red `element` upwards.
  ///
  /// Linux: `rb_insert_color()`.
  private mutating func repair(afterInserting element: Ref<Element>) {
    var element = element
    while let parent = parent(of: element), isRed(parent) {
      guard let grandparent = self.parent(of: parent) else { break }
      let side = self.side(of: parent, below: grandparent)
      guard let uncle = Linking.link(of: grandparent).pointee[side.opposite], isRed(uncle) else {
        straighten(element, below: parent, grandparent, side)
        return
      }
      paint(parent, black: true)
      paint(uncle, black: true)
      paint(grandparent, black: false)
      element = grandparent
    }
    if let root { paint(root, black: true) }
  }

  /// Ends a repair: two red elements in a row and no red uncle become one black with two red.
  private mutating func straighten(
    _ element: Ref<Element>, below parent: Ref<Element>, _ grandparent: Ref<Element>,
    _ side: TreeSide
  ) {
    var top = parent
    if self.side(of: element, below: parent) != side {
      rotate(parent, towards: side)
      top = element
    }
    paint(top, black: true)
    paint(grandparent, black: false)
    rotate(grandparent, towards: side.opposite)
  }
}

extension RedBlackTree {
  /// Turns the edge between `element` and its child of the other side, so that the child stands
  /// above and `element` below it on `side`; both sum up anew.
  mutating func rotate(_ element: Ref<Element>, towards side: TreeSide) {
    let link = Linking.link(of: element)
    guard let child = link.pointee[side.opposite] else {
      preconditionFailure("red-black tree: no child to rotate up")
    }
    let childLink = Linking.link(of: child)
    let moved = childLink.pointee[side]
    link.pointee[side.opposite] = moved
    if let moved { Linking.link(of: moved).pointee.parent = element }
    let parent = link.pointee.parent
    replaceChild(element, of: parent, by: child)
    childLink.pointee.parent = parent
    childLink.pointee[side] = element
    link.pointee.parent = child
    _ = Linking.updateAugmentation(of: element)
    _ = Linking.updateAugmentation(of: child)
  }

  /// Where `parent`, or the root pointer where there is none, pointed at `child` it now points at
  /// `other`; the parent pointer of `other` is left alone.
  @inline(__always)
  mutating func replaceChild(
    _ child: Ref<Element>, of parent: Ref<Element>?, by other: Ref<Element>?
  ) {
    if let parent {
      Linking.link(of: parent).pointee[side(of: child, below: parent)] = other
    } else {
      root = other
    }
  }

  @inline(__always)
  func side(of child: Ref<Element>, below parent: Ref<Element>) -> TreeSide {
    Linking.link(of: parent).pointee.left == child ? .left : .right
  }

  @inline(__always)
  func isRed(_ element: Ref<Element>) -> Bool { !Linking.link(of: element).pointee.isBlack }

  @inline(__always)
  func paint(_ element: Ref<Element>, black: Bool) {
    Linking.link(of: element).pointee.isBlack = black
  }
}
