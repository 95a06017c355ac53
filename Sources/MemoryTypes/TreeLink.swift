/// The three words by which an element stands in a `RedBlackTree`.
///
/// It lives inside the element. The colour is the low bit of the parent's address, which is free
/// because an element that holds a link is aligned for words. Linux: `struct rb_node`.
@frozen
public struct TreeLink<Element: ~Copyable>: Sendable {
  /// The parent's address, 0 for the root; bit 0 is 1 for black.
  var parentAndColour: UInt
  /// The root of the subtree that precedes the element.
  public internal(set) var left: Ref<Element>?
  /// The root of the subtree that the element precedes.
  public internal(set) var right: Ref<Element>?

  /// A link that stands in no tree.
  @inline(__always)
  public init() {
    parentAndColour = 0
    left = nil
    right = nil
  }

  /// The element above; nil for the root and for an element in no tree.
  public internal(set) var parent: Ref<Element>? {
    @inline(__always) get {
      // SAFETY: the bits above the colour are 0 or the address of an element of this type.
      guard let pointer = unsafe UnsafeMutablePointer<Element>(bitPattern: parentAndColour & ~1)
      else { return nil }
      return unsafe Ref(pointer)
    }
    @inline(__always) set {
      parentAndColour = (newValue?.address ?? 0) | (parentAndColour & 1)
    }
  }

  @inline(__always)
  var isBlack: Bool {
    get { parentAndColour & 1 != 0 }
    set { parentAndColour = (parentAndColour & ~1) | (newValue ? 1 : 0) }
  }

  @inline(__always)
  subscript(side: TreeSide) -> Ref<Element>? {
    get { side == .left ? left : right }
    set {
      if side == .left { left = newValue } else { right = newValue }
    }
  }
}

/// A direction below an element: every balancing step exists once and is mirrored by this.
enum TreeSide {
  case left
  case right

  @inline(__always)
  var opposite: TreeSide { self == .left ? .right : .left }
}

/// Says which link of an element a tree uses, how elements are ordered, and what is summed up.
public protocol TreeLinking {
  associatedtype Element: ~Copyable

  /// The link inside `element`; always the same one for the same element.
  static func link(of element: Ref<Element>) -> Ref<TreeLink<Element>>

  /// Whether `left` stands before `right`: a strict weak order, fixed while both are in the tree.
  static func precedes(_ left: Ref<Element>, _ right: Ref<Element>) -> Bool

  /// Recomputes what `element` keeps about its subtree; says whether that changed.
  ///
  /// The result may depend on the element and on what its two children keep, and must be the same
  /// for the same set of elements however the subtree is shaped. Linux: `rb_augment_callbacks`.
  static func updateAugmentation(of element: Ref<Element>) -> Bool
}

extension TreeLinking {
  /// A tree that sums nothing up.
  @inline(__always)
  public static func updateAugmentation(of element: Ref<Element>) -> Bool { false }
}
