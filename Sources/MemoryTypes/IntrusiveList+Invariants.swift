extension IntrusiveList {
  /// Traps with a message unless the list is whole.
  ///
  /// Each element's neighbours point back at it, the ends have no outer neighbour, and the count
  /// is the number of elements met. O(count).
  public func checkInvariants() {
    var met = 0
    var previous: Ref<Element>?
    var cursor = first
    while let element = cursor {
      met += 1
      precondition(met <= count, "list: more elements are linked than counted, or a cycle")
      precondition(self.previous(before: element) == previous, "list: a back link is wrong")
      previous = element
      cursor = next(after: element)
    }
    precondition(previous == last, "list: the last element is not where the links end")
    precondition(met == count, "list: fewer elements are linked than counted")
  }
}
