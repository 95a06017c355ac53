/// A balanced search tree through links inside its elements.
///
/// The idea: a binary search tree whose elements are red or black. Three rules keep the longest
/// way down at most twice as long as the shortest, so the height is at most 2·log2(count + 1).
///
///              ┌──── 40 black ────┐            1. the root is black
///         ┌ 20 red ┐           60 black        2. the parent of a red element is black
///      10 black  30 black      └ 70 red        3. every way from an element down to nil
///                                                 passes the same number of black elements
///
/// An insertion hangs a red leaf and repairs rule 2 upwards; a removal takes out an element with
/// at most one child and repairs rule 3 upwards. Either turns at most three edges around.
///
/// Augmentation: an element may keep a summary of its subtree (`updateAugmentation(of:)`), as the
/// interval tree keeps its greatest end. The tree recomputes summaries bottom up: from the place
/// of a change to the root, stopping at the first that did not change, and of the two elements
/// at each turned edge, lower first.
///
/// It owns no memory and takes none: a tree is two words, the root and the count. Equal elements
/// are allowed; the one inserted later stands later. A copy of the value is the same tree seen
/// twice: after either is changed the other must not be used. The lock of the structure that
/// holds the tree guards it.
///
/// Sources: Bayer 1972; Guibas and Sedgewick 1978; Cormen et al., ch. 13. Linux: `struct rb_root`,
/// lib/rbtree.c.
public struct RedBlackTree<Linking: TreeLinking>: Sendable {
  public typealias Element = Linking.Element

  /// The topmost element; nil when the tree is empty. Where a search of one's own begins.
  public internal(set) var root: Ref<Element>?
  /// How many elements stand in the tree.
  public internal(set) var count: Int

  /// An empty tree.
  @inline(__always)
  public init() {
    root = nil
    count = 0
  }

  @inline(__always)
  public var isEmpty: Bool { root == nil }

  /// The least element. O(log count). Linux: `rb_first()`.
  public var first: Ref<Element>? { root.map { outermost(of: $0, .left) } }

  /// The greatest element. O(log count). Linux: `rb_last()`.
  public var last: Ref<Element>? { root.map { outermost(of: $0, .right) } }

  /// The root of the subtree of lesser elements below `element`.
  @inline(__always)
  public func left(of element: Ref<Element>) -> Ref<Element>? {
    Linking.link(of: element).pointee.left
  }

  /// The root of the subtree of greater elements below `element`.
  @inline(__always)
  public func right(of element: Ref<Element>) -> Ref<Element>? {
    Linking.link(of: element).pointee.right
  }

  /// The element above `element`; nil for the root.
  @inline(__always)
  public func parent(of element: Ref<Element>) -> Ref<Element>? {
    Linking.link(of: element).pointee.parent
  }

  /// The next greater element; nil for the last.
  ///
  /// O(log count), O(1) on average over a whole walk. Linux: `rb_next()`.
  @inline(__always)
  public func successor(of element: Ref<Element>) -> Ref<Element>? {
    neighbour(of: element, .right)
  }

  /// The next lesser element; nil for the first. Costs as `successor(of:)`. Linux: `rb_prev()`.
  @inline(__always)
  public func predecessor(of element: Ref<Element>) -> Ref<Element>? {
    neighbour(of: element, .left)
  }

  /// The first element for which `isBefore` is false; nil if it is true for all.
  ///
  /// `isBefore` must be true for some number of elements from the first on and false for the rest:
  /// `tree.first { $0.pointee.end <= address }` finds the first that ends above an address.
  /// O(log count).
  @inline(__always)
  public func first(notBefore isBefore: (Ref<Element>) -> Bool) -> Ref<Element>? {
    var found: Ref<Element>?
    var cursor = root
    while let element = cursor {
      if isBefore(element) {
        cursor = right(of: element)
      } else {
        found = element
        cursor = left(of: element)
      }
    }
    return found
  }

  /// The last element for which `isBefore` is true; nil if it is false for all. O(log count).
  ///
  /// `isBefore` is as for `first(notBefore:)`.
  @inline(__always)
  public func last(before isBefore: (Ref<Element>) -> Bool) -> Ref<Element>? {
    var found: Ref<Element>?
    var cursor = root
    while let element = cursor {
      if isBefore(element) {
        found = element
        cursor = right(of: element)
      } else {
        cursor = left(of: element)
      }
    }
    return found
  }

  /// Calls `body` with each element in order; `body` must not change the tree. O(count).
  @inline(__always)
  public func forEachElement<Failure>(
    _ body: (Ref<Element>) throws(Failure) -> Void
  ) throws(Failure) {
    var cursor = first
    while let element = cursor {
      try body(element)
      cursor = successor(of: element)
    }
  }

  /// Recomputes the summaries from `element` up to the root, stopping at the first unchanged one.
  ///
  /// To be called after a change of an element that its summary depends on. O(log count). Linux:
  /// `propagate` of `rb_augment_callbacks`.
  @inline(__always)
  public func augmentationChanged(at element: Ref<Element>?) {
    var cursor = element
    while let element = cursor, Linking.updateAugmentation(of: element) {
      cursor = parent(of: element)
    }
  }

  @inline(__always)
  func outermost(of subtree: Ref<Element>, _ side: TreeSide) -> Ref<Element> {
    var element = subtree
    while let child = Linking.link(of: element).pointee[side] { element = child }
    return element
  }

  @inline(__always)
  private func neighbour(of element: Ref<Element>, _ side: TreeSide) -> Ref<Element>? {
    if let child = Linking.link(of: element).pointee[side] {
      return outermost(of: child, side.opposite)
    }
    var child = element
    while let parent = parent(of: child) {
      if Linking.link(of: parent).pointee[side] != child { return parent }
      child = parent
    }
    return nil
  }
}
