public import MemoryTypes

/// The zones of a machine, node after node, lowest kind first within each.
///
/// Every node has a zone of each kind that the kernel was built with, populated or not.
@safe @frozen
public struct ZoneTable: RandomAccessCollection, @unchecked Sendable {
  private let base: UnsafeMutablePointer<Zone>
  public let count: Int
  /// How many kinds there are. Linux: `MAX_NR_ZONES`.
  public let kindCount: Int

  @unsafe
  init(_ base: UnsafeMutablePointer<Zone>, count: Int, kindCount: Int) {
    unsafe self.base = base
    self.count = count
    self.kindCount = kindCount
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { count }

  @inline(__always)
  public subscript(index: Int) -> Ref<Zone> {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "no such zone")
    return unsafe Ref(base + index)
  }

  /// The zone that the first frame of a block belongs to. Linux: `page_zone()`.
  @inline(__always)
  subscript(page: Ref<Page>) -> Ref<Zone> {
    let place = Int(page.pointee.zone)
    assert(place < count, "no such zone")
    // SAFETY: only places of zones are ever stored in a descriptor.
    return unsafe Ref(base + place)
  }

  /// The zone of a kind of a node; nil for a kind that this kernel does not have.
  public func zone(_ kind: Zone.Kind, node: Int = 0) -> Ref<Zone>? {
    for index in node * kindCount..<(node + 1) * kindCount where self[index].pointee.kind == kind {
      return self[index]
    }
    return nil
  }
}
