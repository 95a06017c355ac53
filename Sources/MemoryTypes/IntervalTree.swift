/// What an element keeps to stand in an `IntervalTree`: four words.
///
/// Linux: `rb` and `rb_subtree_last` of `struct vm_area_struct`, or `struct interval_tree_node`.
@frozen
public struct IntervalLink<Element: ~Copyable>: Sendable {
  var tree = TreeLink<Element>()
  /// The greatest last point among the element and all below it.
  var subtreeLast: UInt = 0

  /// A link that stands in no tree.
  public init() {}
}

/// Says which link of an element an interval tree uses, and what interval the element is.
public protocol IntervalLinking {
  associatedtype Element: ~Copyable

  /// The link inside `element`; always the same one for the same element.
  static func link(of element: Ref<Element>) -> Ref<IntervalLink<Element>>

  /// The first point of the interval; fixed while the element is in the tree.
  static func start(of element: Ref<Element>) -> UInt

  /// The last point of the interval, which belongs to it and is not below the first; fixed while
  /// the element is in the tree.
  static func last(of element: Ref<Element>) -> UInt
}

/// Intervals of words, any of which may overlap, and the question which of them meet a given one.
///
/// The idea: a red-black tree in the order of the first points, in which each element also keeps
/// the greatest last point of its subtree. A subtree whose greatest last point lies before the
/// query cannot meet it and is left out; nor can anything behind an element that starts behind it.
///
///              [20, 35] ≤ 60                 query [50, 52]:
///             /             \                  left out: below [5, 10], since 15 < 50
///      [5, 10] ≤ 15      [40, 60] ≤ 60         met: [40, 60]
///           \                    \             left out: [55, 56], since 52 < 55
///        [8, 15] ≤ 15         [55, 56] ≤ 56
///
/// Bounds are inclusive, so that an interval can reach the last word. The tree owns no memory and
/// takes none; copies and locks are as for `RedBlackTree`. Linux: interval_tree_generic.h, which
/// `i_mmap` of a file and the anonymous reverse map stand on.
public struct IntervalTree<Linking: IntervalLinking>: Sendable {
  public typealias Element = Linking.Element

  var tree = RedBlackTree<IntervalOrder<Linking>>()

  /// An empty tree.
  public init() {}

  @inline(__always)
  public var isEmpty: Bool { tree.isEmpty }

  /// How many intervals stand in the tree.
  @inline(__always)
  public var count: Int { tree.count }

  /// Puts `element`, which stands in no tree by this link, into its place. O(log count).
  ///
  /// Among intervals with the same first point the one inserted later stands later. Linux:
  /// `vma_interval_tree_insert()`, mm/interval_tree.c.
  public mutating func insert(_ element: Ref<Element>) {
    assert(
      Linking.start(of: element) <= Linking.last(of: element), "interval: ends before it starts")
    tree.insert(element)
  }

  /// Takes `element`, which stands in this tree, out of it. O(log count).
  ///
  /// Linux: `vma_interval_tree_remove()`.
  public mutating func remove(_ element: Ref<Element>) {
    tree.remove(element)
  }

  /// The first interval, by first point, that shares a point with `start ... last`; nil for none.
  ///
  /// O(log count). Linux: `vma_interval_tree_iter_first()`.
  public func firstOverlap(_ start: UInt, through last: UInt) -> Ref<Element>? {
    guard let root = tree.root, subtreeLast(of: root) >= start else { return nil }
    return firstOverlap(below: root, start, last)
  }

  /// The interval behind `element` that shares a point with `start ... last`; nil for none.
  ///
  /// With `firstOverlap` it visits all k of them in O(k + log count) or O(k log count) at worst.
  /// Linux: `vma_interval_tree_iter_next()`.
  public func nextOverlap(
    after element: Ref<Element>, _ start: UInt, through last: UInt
  ) -> Ref<Element>? {
    var element = element
    while true {
      if let right = tree.right(of: element), subtreeLast(of: right) >= start {
        return firstOverlap(below: right, start, last)
      }
      guard let ancestor = ancestorBehind(element) else { return nil }
      guard Linking.start(of: ancestor) <= last else { return nil }
      if Linking.last(of: ancestor) >= start { return ancestor }
      element = ancestor
    }
  }

  /// Calls `body` with each interval that shares a point with `start ... last`, in order.
  ///
  /// `body` must not change the tree.
  @inline(__always)
  public func forEachOverlap<Failure>(
    _ start: UInt, through last: UInt, _ body: (Ref<Element>) throws(Failure) -> Void
  ) throws(Failure) {
    var cursor = firstOverlap(start, through: last)
    while let element = cursor {
      try body(element)
      cursor = nextOverlap(after: element, start, through: last)
    }
  }

  /// The first overlap in a subtree, some interval of which ends at or behind `start`.
  ///
  /// Where the left side has such an interval, either it holds the answer or nothing does: that
  /// interval starts at or before everything to its right.
  private func firstOverlap(
    below subtree: Ref<Element>, _ start: UInt, _ last: UInt
  ) -> Ref<Element>? {
    var element = subtree
    while true {
      if let left = tree.left(of: element), subtreeLast(of: left) >= start {
        element = left
        continue
      }
      guard Linking.start(of: element) <= last else { return nil }
      if Linking.last(of: element) >= start { return element }
      guard let right = tree.right(of: element), subtreeLast(of: right) >= start else { return nil }
      element = right
    }
  }

  /// The nearest element above whose left subtree holds `element`.
  private func ancestorBehind(_ element: Ref<Element>) -> Ref<Element>? {
    var child = element
    while let parent = tree.parent(of: child) {
      if tree.right(of: parent) != child { return parent }
      child = parent
    }
    return nil
  }

  private func subtreeLast(of element: Ref<Element>) -> UInt {
    Linking.link(of: element).pointee.subtreeLast
  }
}

/// The order and the summary by which intervals stand in a red-black tree.
enum IntervalOrder<Linking: IntervalLinking>: TreeLinking {
  typealias Element = Linking.Element

  @inline(__always)
  static func link(of element: Ref<Element>) -> Ref<TreeLink<Element>> {
    // SAFETY: the part of an element that is referred to.
    unsafe Ref(&Linking.link(of: element).pointee.tree)
  }

  @inline(__always)
  static func precedes(_ left: Ref<Element>, _ right: Ref<Element>) -> Bool {
    Linking.start(of: left) < Linking.start(of: right)
  }

  @inline(__always)
  static func updateAugmentation(of element: Ref<Element>) -> Bool {
    let link = Linking.link(of: element)
    var last = Linking.last(of: element)
    if let left = link.pointee.tree.left {
      last = max(last, Linking.link(of: left).pointee.subtreeLast)
    }
    if let right = link.pointee.tree.right {
      last = max(last, Linking.link(of: right).pointee.subtreeLast)
    }
    guard link.pointee.subtreeLast != last else { return false }
    link.pointee.subtreeLast = last
    return true
  }
}
