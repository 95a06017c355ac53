/// One node of a `RadixTree`: 64 words, each a value or the address of a node below.
///
/// Linux: `struct radix_tree_node`, `struct xa_node`.
public struct RadixNode: ~Copyable {
  /// log2 of how many indices one slot spans: 0 in the lowest nodes, 6 above them, 12 …
  var shift: UInt8
  /// The number of this node's slot in `parent`.
  var place: UInt8
  /// Bit s is set when slot s holds something.
  var occupied: UInt64
  var parent: Ref<RadixNode>?
  var slots: InlineArray<64, UInt>

  /// An empty node, as a source hands it out.
  public init() {
    shift = 0
    place = 0
    occupied = 0
    parent = nil
    slots = InlineArray(repeating: 0)
  }

  /// How many bits of an index one level takes. Linux: `RADIX_TREE_MAP_SHIFT`.
  static var bitsPerLevel: UInt8 { 6 }

  /// The slot that `index` goes through in this node.
  @inline(__always)
  func slot(of index: UInt) -> Int { Int((index &>> UInt(shift)) & 63) }

  /// The greatest index that fits below a root like this.
  @inline(__always)
  var lastIndex: UInt {
    let bits = UInt(shift) &+ UInt(Self.bitsPerLevel)
    return bits >= UInt(UInt.bitWidth) ? .max : (1 &<< bits) &- 1
  }

  /// The lowest occupied slot at or behind `slot`, which may be 64; nil for none.
  @inline(__always)
  func firstOccupied(from slot: Int) -> Int? {
    let rest = slot < 64 ? occupied & (.max &<< UInt64(slot)) : 0
    return rest == 0 ? nil : rest.trailingZeroBitCount
  }

  /// The highest occupied slot at or before `slot`, which may be -1; nil for none.
  @inline(__always)
  func lastOccupied(upTo slot: Int) -> Int? {
    let rest = slot >= 0 ? occupied & (.max &>> UInt64(63 &- slot)) : 0
    return rest == 0 ? nil : 63 &- rest.leadingZeroBitCount
  }

  @inline(__always)
  func isOccupied(_ slot: Int) -> Bool { occupied & (1 &<< UInt64(slot)) != 0 }

  /// What stands in `slot`; 0 for nothing.
  @inline(__always)
  func word(in slot: Int) -> UInt {
    // SAFETY: a slot's number comes from six bits.
    unsafe slots[unchecked: slot]
  }

  @inline(__always)
  mutating func setWord(_ word: UInt, in slot: Int) {
    // SAFETY: as above.
    unsafe slots[unchecked: slot] = word
    let bit: UInt64 = 1 &<< UInt64(slot)
    occupied = word == 0 ? occupied & ~bit : occupied | bit
  }

  /// The node below `slot`, in a node that is not among the lowest; nil where nothing stands.
  @inline(__always)
  func child(in slot: Int) -> Ref<RadixNode>? {
    // SAFETY: above the lowest level a slot holds 0 or the address of a node of this tree.
    guard let pointer = unsafe UnsafeMutablePointer<RadixNode>(bitPattern: word(in: slot))
    else { return nil }
    return unsafe Ref(pointer)
  }
}

/// Where a radix tree takes its nodes from and gives them back to: a slab, in a kernel.
///
/// A small handle that the tree keeps; the nodes it hands out stay put until they are freed.
public protocol RadixNodeSource {
  /// What an exhausted source throws.
  associatedtype Failure: Error

  /// Hands out an initialised node, `RadixNode()`.
  mutating func allocateNode() throws(Failure) -> Ref<RadixNode>

  /// Takes back a node that this source handed out.
  mutating func freeNode(_ node: Ref<RadixNode>)
}
