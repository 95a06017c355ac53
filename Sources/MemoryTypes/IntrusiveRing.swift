/// A doubly linked list through links inside its elements, closed to a ring by a head.
///
/// The head is an element that stands for none: it never moves and is never taken out. So taking
/// an element out of a ring, and putting one in, asks no question about ends, which an
/// `IntrusiveList` must: where lists are short, no processor can guess the answer. The price is a
/// head that stays where it is, and nobody counts.
///
/// Every operation is O(1) unless it says otherwise. The lock of the structure that holds the ring
/// guards it. Linux: `struct list_head` and its operations, include/linux/list.h.
@frozen
public struct IntrusiveRing<Linking: ListLinking>: Sendable {
  public typealias Element = Linking.Element

  private let head: Ref<Element>

  /// The ring that `head` closes, which `makeEmpty()` has made one.
  @inline(__always)
  public init(closedBy head: Ref<Element>) { self.head = head }

  /// Makes the head a ring of its own. Linux: `INIT_LIST_HEAD()`.
  public func makeEmpty() {
    let link = Linking.link(of: head)
    link.pointee.next = head
    link.pointee.previous = head
  }

  @inline(__always)
  public var isEmpty: Bool { Linking.link(of: head).pointee.next == head }

  /// The element at the front; nil when the ring is empty.
  @inline(__always)
  public var first: Ref<Element>? {
    let next = Linking.link(of: head).pointee.next
    return next == head ? nil : next
  }

  /// Puts `element`, which stands in no list by this link, at the back or at the front.
  ///
  /// Linux: `list_add_tail()`, `list_add()`.
  @inline(__always)
  public func insert(_ element: Ref<Element>, atBack: Bool) {
    let own = Linking.link(of: element)
    assert(own.pointee.next == nil && own.pointee.previous == nil, "it stands in a list already")
    // The load comes first, so that no branch has to be guessed.
    let first = Self.neighbour(Linking.link(of: head).pointee.next)
    let next = atBack ? head : first
    let previous = Self.neighbour(Linking.link(of: next).pointee.previous)
    own.pointee.next = next
    own.pointee.previous = previous
    Linking.link(of: previous).pointee.next = element
    Linking.link(of: next).pointee.previous = element
  }

  /// Puts `element`, which stands in no list by this link, at the front. Linux: `list_add()`.
  @inline(__always)
  public func insertFirst(_ element: Ref<Element>) {
    let own = Linking.link(of: element)
    let first = Linking.link(of: head)
    let next = Self.neighbour(first.pointee.next)
    own.pointee.next = next
    own.pointee.previous = head
    first.pointee.next = element
    Linking.link(of: next).pointee.previous = element
  }

  /// Takes `element` out of the ring that it stands in and clears its link.
  ///
  /// Linux: `list_del_init()`.
  @inline(__always)
  public static func remove(_ element: Ref<Element>) {
    let own = Linking.link(of: element)
    let next = neighbour(own.pointee.next)
    let previous = neighbour(own.pointee.previous)
    Linking.link(of: previous).pointee.next = next
    Linking.link(of: next).pointee.previous = previous
    own.pointee = ListLink()
  }

  /// Calls `body` with each element from front to back; `body` may not change the ring.
  ///
  /// O(elements). Linux: `list_for_each_entry()`.
  @inline(__always)
  public func forEachElement(_ body: (Ref<Element>) -> Void) {
    var cursor = Linking.link(of: head).pointee.next
    while let element = cursor, element != head {
      body(element)
      cursor = Linking.link(of: element).pointee.next
    }
  }

  /// Traps with a message unless it is a ring of at most `limit` elements whose neighbours point
  /// at each other; says how many there are. O(elements).
  public func checkInvariants(limit: Int) -> Int {
    var count = 0
    var cursor = head
    repeat {
      guard let next = Linking.link(of: cursor).pointee.next else {
        preconditionFailure("ring: a link leads nowhere")
      }
      precondition(
        Linking.link(of: next).pointee.previous == cursor, "ring: a back link is wrong")
      cursor = next
      count += 1
      precondition(count <= limit + 1, "ring: more elements than can be, or a cycle")
    } while cursor != head
    return count - 1
  }

  /// What stands beside a member of a ring: always something.
  @inline(__always)
  private static func neighbour(_ element: Ref<Element>?) -> Ref<Element> {
    // SAFETY: the links of a ring's members, its head included, are never nil.
    unsafe element.unsafelyUnwrapped
  }
}
