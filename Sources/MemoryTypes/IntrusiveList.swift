/// The two words by which an element stands in an `IntrusiveList`.
///
/// It lives inside the element. An element stands in as many lists at once as it has links.
/// Linux: `struct list_head`, include/linux/types.h.
@frozen
public struct ListLink<Element: ~Copyable>: Sendable {
  /// The element behind this one; nil for the last one and for an element in no list.
  public internal(set) var next: Ref<Element>?
  /// The element before this one; nil for the first one and for an element in no list.
  public internal(set) var previous: Ref<Element>?

  /// A link that stands in no list.
  @inline(__always)
  public init() {
    next = nil
    previous = nil
  }
}

/// Says which link of an element a list uses.
///
/// A type without cases conforms: `unsafe Ref(&element.pointee.link)` is the usual body.
public protocol ListLinking {
  associatedtype Element: ~Copyable

  /// The link inside `element`; always the same one for the same element.
  static func link(of element: Ref<Element>) -> Ref<ListLink<Element>>
}

/// A doubly linked list through links inside its elements.
///
/// It owns no memory and takes none; it keeps three words: both ends and the count. Its ends are
/// nil, not a sentinel, so the list itself may be moved in memory. A copy of the value is the
/// same list seen twice: after either is changed the other must not be used.
///
/// Every operation is O(1) unless it says otherwise. The lock of the structure that holds the
/// list guards it. Linux: `struct list_head` and its operations, include/linux/list.h.
public struct IntrusiveList<Linking: ListLinking>: Sendable {
  public typealias Element = Linking.Element

  /// The element at the front; nil when the list is empty.
  public private(set) var first: Ref<Element>?
  /// The element at the back; nil when the list is empty.
  public private(set) var last: Ref<Element>?
  /// How many elements stand in the list.
  public private(set) var count: Int

  /// An empty list.
  @inline(__always)
  public init() {
    first = nil
    last = nil
    count = 0
  }

  @inline(__always)
  public var isEmpty: Bool { first == nil }

  /// The element behind `element`; nil if that is the last. Linux: `list_next_entry()`.
  @inline(__always)
  public func next(after element: Ref<Element>) -> Ref<Element>? {
    Linking.link(of: element).pointee.next
  }

  /// The element before `element`; nil if that is the first. Linux: `list_prev_entry()`.
  @inline(__always)
  public func previous(before element: Ref<Element>) -> Ref<Element>? {
    Linking.link(of: element).pointee.previous
  }

  /// Puts `element`, which stands in no list by this link, at the front. Linux: `list_add()`.
  @inline(__always)
  public mutating func pushFront(_ element: Ref<Element>) {
    join(nil, element, first)
  }

  /// Puts `element`, which stands in no list by this link, at the back. Linux: `list_add_tail()`.
  @inline(__always)
  public mutating func pushBack(_ element: Ref<Element>) {
    join(last, element, nil)
  }

  /// Puts `element` behind `neighbour`, which stands in this list.
  @inline(__always)
  public mutating func insert(_ element: Ref<Element>, after neighbour: Ref<Element>) {
    join(neighbour, element, next(after: neighbour))
  }

  /// Puts `element` before `neighbour`, which stands in this list.
  @inline(__always)
  public mutating func insert(_ element: Ref<Element>, before neighbour: Ref<Element>) {
    join(previous(before: neighbour), element, neighbour)
  }

  /// Takes `element`, which stands in this list, out of it and clears its link.
  ///
  /// Linux: `list_del_init()`.
  @inline(__always)
  public mutating func remove(_ element: Ref<Element>) {
    let link = Linking.link(of: element)
    let previous = link.pointee.previous
    let next = link.pointee.next
    setNext(of: previous, to: next)
    setPrevious(of: next, to: previous)
    link.pointee = ListLink()
    count &-= 1
  }

  /// Takes the first element out; nil when the list is empty.
  @inline(__always)
  public mutating func popFront() -> Ref<Element>? {
    guard let element = first else { return nil }
    let link = Linking.link(of: element)
    let next = link.pointee.next
    first = next
    setPrevious(of: next, to: nil)
    link.pointee = ListLink()
    count &-= 1
    return element
  }

  /// Takes the last element out; nil when the list is empty.
  @inline(__always)
  public mutating func popBack() -> Ref<Element>? {
    guard let element = last else { return nil }
    remove(element)
    return element
  }

  /// Moves every element of `other` behind those of this list, in order, and empties `other`.
  ///
  /// Linux: `list_splice_tail_init()`.
  public mutating func append(_ other: inout IntrusiveList) {
    guard let front = other.first else { return }
    setNext(of: last, to: front)
    Linking.link(of: front).pointee.previous = last
    last = other.last
    count &+= other.count
    other = IntrusiveList()
  }

  /// Calls `body` with each element from front to back; `body` may remove the one it is given.
  ///
  /// O(count). Linux: `list_for_each_entry_safe()`.
  @inline(__always)
  public func forEachElement<Failure>(
    _ body: (Ref<Element>) throws(Failure) -> Void
  ) throws(Failure) {
    var cursor = first
    while let element = cursor {
      cursor = next(after: element)
      try body(element)
    }
  }

  @inline(__always)
  private mutating func join(
    _ previous: Ref<Element>?, _ element: Ref<Element>, _ next: Ref<Element>?
  ) {
    let link = Linking.link(of: element)
    assert(
      link.pointee.next == nil && link.pointee.previous == nil && first != element,
      "the element stands in a list already")
    link.pointee.previous = previous
    link.pointee.next = next
    setNext(of: previous, to: element)
    setPrevious(of: next, to: element)
    count &+= 1
  }

  /// What follows `element`, or the front of the list where there is no element, becomes `next`.
  @inline(__always)
  private mutating func setNext(of element: Ref<Element>?, to next: Ref<Element>?) {
    if let element {
      Linking.link(of: element).pointee.next = next
    } else {
      first = next
    }
  }

  @inline(__always)
  private mutating func setPrevious(of element: Ref<Element>?, to previous: Ref<Element>?) {
    if let element {
      Linking.link(of: element).pointee.previous = previous
    } else {
      last = previous
    }
  }
}
