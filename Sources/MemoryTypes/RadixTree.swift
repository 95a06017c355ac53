/// A sparse array of words: index to value, 0 for "nothing there".
///
/// The idea: an index is read six bits at a time from the top; each group picks one of 64 slots.
/// The tree is only as high as its greatest index needs, and only as wide as what is stored.
///
///      root, shift 6     [ 0 | 1 | … | 63 ]          index 70 = 1·64 + 6
///                              │
///      lowest, shift 0   [ … | 6 | … ] = value
///
/// Invariants: no node is empty; the root, unless it is a lowest node, holds something in a slot
/// but 0; a slot is 0 exactly when its bit of the node's mask is. So the shape depends only on
/// which indices are present, and a failed insertion leaves the shape it found.
///
/// Lookup, insertion and removal take a step per level: at most 11 (6 where a word has 32 bits).
/// Nodes come from `Nodes`, and the tree is the only one to hold them: `removeAll()` before it
/// goes away. A copy of the value is the same tree seen twice: after either is changed the other
/// must not be used. The lock of the structure that holds the tree guards it.
///
/// Linux: lib/radix-tree.c, lib/xarray.c; the page cache and the swap cache stand on it.
public struct RadixTree<Nodes: RadixNodeSource> {
  /// Where nodes come from.
  public var nodes: Nodes
  /// The topmost node; nil when nothing is stored.
  var root: Ref<RadixNode>?
  /// How many indices have a value.
  public internal(set) var count: UInt
  /// How many nodes the tree holds.
  public internal(set) var nodeCount: UInt

  /// An empty tree, which holds no node.
  public init(nodes: Nodes) {
    self.nodes = nodes
    root = nil
    count = 0
    nodeCount = 0
  }

  @inline(__always)
  public var isEmpty: Bool { root == nil }

  /// The value at `index`; 0 for nothing. Linux: `radix_tree_lookup()`, `xa_load()`.
  public func value(at index: UInt) -> UInt {
    guard let leaf = leaf(for: index) else { return 0 }
    return leaf.pointee.word(in: leaf.pointee.slot(of: index))
  }

  /// Puts `value`, which is not 0, at `index`, and returns what stood there before, 0 for nothing.
  ///
  /// Takes up to 11 nodes. Throws what the source throws when it has none; then the tree is as it
  /// was, and every node taken on the way is given back. Linux: `xa_store()`.
  @discardableResult
  public mutating func insert(_ value: UInt, at index: UInt) throws(Nodes.Failure) -> UInt {
    precondition(value != 0, "radix tree: 0 is the absent value")
    let leaf = try leafMade(for: index)
    let slot = leaf.pointee.slot(of: index)
    let old = leaf.pointee.word(in: slot)
    leaf.pointee.setWord(value, in: slot)
    if old == 0 { count &+= 1 }
    return old
  }

  /// Takes the value at `index` out and returns it; 0 for nothing.
  ///
  /// Nodes left empty, and levels no longer needed, go back to the source. Linux:
  /// `radix_tree_delete()`, `xa_erase()`.
  @discardableResult
  public mutating func remove(at index: UInt) -> UInt {
    guard let leaf = leaf(for: index) else { return 0 }
    let slot = leaf.pointee.slot(of: index)
    let old = leaf.pointee.word(in: slot)
    guard old != 0 else { return 0 }
    leaf.pointee.setWord(0, in: slot)
    count &-= 1
    prune(from: leaf)
    return old
  }

  /// The lowest node on the way of `index`; nil where the way ends before it.
  @inline(__always)
  private func leaf(for index: UInt) -> Ref<RadixNode>? {
    guard var node = root, index <= node.pointee.lastIndex else { return nil }
    while node.pointee.shift > 0 {
      guard let child = node.pointee.child(in: node.pointee.slot(of: index)) else { return nil }
      node = child
    }
    return node
  }

  /// The lowest node on the way of `index`, made with all above it where it is missing.
  private mutating func leafMade(for index: UInt) throws(Nodes.Failure) -> Ref<RadixNode> {
    var node = try rootMade(for: index)
    while node.pointee.shift > 0 {
      let slot = node.pointee.slot(of: index)
      if let child = node.pointee.child(in: slot) {
        node = child
      } else {
        node = try addChild(below: node, in: slot)
      }
    }
    return node
  }

  private mutating func addChild(
    below node: Ref<RadixNode>, in slot: Int
  ) throws(Nodes.Failure) -> Ref<RadixNode> {
    let child: Ref<RadixNode>
    do {
      child = try makeNode(shift: node.pointee.shift &- RadixNode.bitsPerLevel)
    } catch {
      prune(from: node)
      throw error
    }
    child.pointee.parent = node
    child.pointee.place = UInt8(truncatingIfNeeded: slot)
    node.pointee.setWord(child.address, in: slot)
    return child
  }

  /// The root, below which `index` fits: a new one for an empty tree, else grown as needed.
  private mutating func rootMade(for index: UInt) throws(Nodes.Failure) -> Ref<RadixNode> {
    guard var top = root else { return try firstRoot(for: index) }
    while index > top.pointee.lastIndex {
      let higher: Ref<RadixNode>
      do {
        higher = try makeNode(shift: top.pointee.shift &+ RadixNode.bitsPerLevel)
      } catch {
        lowerRoot()
        throw error
      }
      higher.pointee.setWord(top.address, in: 0)
      top.pointee.parent = higher
      top.pointee.place = 0
      root = higher
      top = higher
    }
    return top
  }

  private mutating func firstRoot(for index: UInt) throws(Nodes.Failure) -> Ref<RadixNode> {
    let top = try makeNode(shift: 0)
    while index > top.pointee.lastIndex { top.pointee.shift &+= RadixNode.bitsPerLevel }
    root = top
    return top
  }

  private mutating func makeNode(shift: UInt8) throws(Nodes.Failure) -> Ref<RadixNode> {
    let node = try nodes.allocateNode()
    node.pointee.shift = shift
    nodeCount &+= 1
    return node
  }
}

extension RadixTree {
  /// Frees `start` if it is empty, then what is empty above it, then the levels no longer needed.
  private mutating func prune(from start: Ref<RadixNode>) {
    var cursor: Ref<RadixNode>? = start
    while let node = cursor, node.pointee.occupied == 0 {
      cursor = node.pointee.parent
      if let parent = cursor {
        parent.pointee.setWord(0, in: Int(node.pointee.place))
      } else {
        root = nil
      }
      free(node)
    }
    lowerRoot()
  }

  /// While the root holds nothing but a node in slot 0, that node becomes the root.
  ///
  /// Linux: `radix_tree_shrink()`.
  private mutating func lowerRoot() {
    while let top = root, top.pointee.shift > 0, top.pointee.occupied == 1 {
      guard let child = top.pointee.child(in: 0) else { return }
      child.pointee.parent = nil
      root = child
      free(top)
    }
  }

  mutating func free(_ node: Ref<RadixNode>) {
    nodeCount &-= 1
    nodes.freeNode(node)
  }
}
