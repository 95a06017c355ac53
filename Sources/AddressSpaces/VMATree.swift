public import MemoryTypes

/// Orders VMAs by address and keeps the largest gap of every subtree.
public enum VMATreeLinking: TreeLinking {
  public static func link(of vma: Ref<VMA>) -> Ref<TreeLink<VMA>> {
    // SAFETY: a stored property of an object in managed memory has a stable address.
    unsafe Ref(&vma.pointee.treeLink)
  }

  public static func precedes(_ left: Ref<VMA>, _ right: Ref<VMA>) -> Bool {
    left.pointee.start < right.pointee.start
  }

  public static func updateAugmentation(of vma: Ref<VMA>) -> Bool {
    var largest = VMATree.gapBefore(vma)
    let link = link(of: vma).pointee
    if let left = link.left { largest = max(largest, left.pointee.largestGap) }
    if let right = link.right { largest = max(largest, right.pointee.largestGap) }
    guard largest != vma.pointee.largestGap else { return false }
    vma.pointee.largestGap = largest
    return true
  }
}

/// Links VMAs in address order.
public enum VMAListLinking: ListLinking {
  public static func link(of vma: Ref<VMA>) -> Ref<ListLink<VMA>> {
    // SAFETY: as above.
    unsafe Ref(&vma.pointee.listLink)
  }
}

/// The VMAs of one address space: a red-black tree augmented with gaps, and the list in address order.
///
/// The gap of a VMA is the free space between the end of the one before it (or address 0) and its own
/// start; each node knows the largest gap of its subtree, so that a free range is found in O(log n).
/// Lock: the address space's `mmapLock`, exclusive for every mutating call, shared for the rest.
/// Linux: `mm_mt` (maple tree); `mm_rb` and `mmap` before 6.1.
public struct VMATree {
  var tree = RedBlackTree<VMATreeLinking>()
  var list = IntrusiveList<VMAListLinking>()

  public init() {}

  /// How many VMAs there are. Linux: `mm->map_count`.
  public var count: Int { tree.count }
  public var first: Ref<VMA>? { list.first }
  public var last: Ref<VMA>? { list.last }

  public func next(_ vma: Ref<VMA>) -> Ref<VMA>? { list.next(after: vma) }
  public func previous(_ vma: Ref<VMA>) -> Ref<VMA>? { list.previous(before: vma) }

  /// The first VMA that ends above `address`: the one that holds it, or the next one up. O(log n).
  ///
  /// Linux: `find_vma()`, mm/mmap.c.
  public func vma(atOrAfter address: VirtualAddress) -> Ref<VMA>? {
    var node = tree.root
    var best: Ref<VMA>?
    while let vma = node {
      if vma.pointee.end > address {
        best = vma
        if vma.pointee.start <= address { return vma }
        node = tree.left(of: vma)
      } else {
        node = tree.right(of: vma)
      }
    }
    return best
  }

  /// The first VMA that shares an address with `range`. Linux: `find_vma_intersection()`.
  public func vma(in range: VirtualRange) -> Ref<VMA>? {
    guard let vma = vma(atOrAfter: range.start), vma.pointee.start < range.end else { return nil }
    return vma
  }

  /// The VMA that holds `address`. Linux: `vma_lookup()`.
  public func vma(at address: VirtualAddress) -> Ref<VMA>? {
    guard let vma = vma(atOrAfter: address), vma.pointee.start <= address else { return nil }
    return vma
  }

  /// The last VMA that ends at or below `address`. Linux: `find_vma_prev()`.
  public func vma(before address: VirtualAddress) -> Ref<VMA>? {
    guard let following = vma(atOrAfter: address) else { return last }
    return previous(following)
  }

  /// Adds a VMA whose range touches no other's. O(log n).
  public mutating func insert(_ vma: Ref<VMA>) {
    let following = self.vma(atOrAfter: vma.pointee.start)
    precondition(
      following.map { $0.pointee.start >= vma.pointee.end } ?? true, "VMAs must not overlap")
    if let following { list.insert(vma, before: following) } else { list.pushBack(vma) }
    // First the neighbour, whose gap shrank: the tree recomputes no summary but along its own paths.
    if let following { tree.augmentationChanged(at: following) }
    tree.insert(vma)
  }

  /// Takes a VMA out; its memory stays with the caller. O(log n).
  public mutating func remove(_ vma: Ref<VMA>) {
    let following = next(vma)
    tree.remove(vma)
    list.remove(vma)
    if let following { tree.augmentationChanged(at: following) }
  }

  /// Moves a VMA's borders without passing a neighbour. O(log n).
  public mutating func setRange(_ vma: Ref<VMA>, _ range: VirtualRange) {
    vma.pointee.range = range
    tree.augmentationChanged(at: vma)
    if let following = next(vma) { tree.augmentationChanged(at: following) }
  }

  /// The free bytes directly below a VMA.
  static func gapBefore(_ vma: Ref<VMA>) -> UInt {
    let floor = vma.pointee.listLink.previous?.pointee.end.rawValue ?? 0
    return vma.pointee.start.rawValue &- floor
  }
}
