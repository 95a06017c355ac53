public import MemoryTypes

/// The memory near one group of processors. Linux: `pg_data_t`, include/linux/mmzone.h.
///
/// Its zones stand in `PageAllocator.zones`.
public struct Node: Sendable {
  /// Its number, from 0.
  public let id: UInt8
  /// From the first to the last frame. Linux: `node_start_pfn`, `node_spanned_pages`.
  public let range: FrameRange
  /// The frames with memory behind them. Linux: `node_present_pages`.
  public let presentPages: PageCount
  /// Frames that programs cannot have, since zones keep them back. Linux: `totalreserve_pages`.
  public internal(set) var totalReserve = PageCount.zero

  init(id: UInt8, range: FrameRange, presentPages: PageCount) {
    self.id = id
    self.range = range
    self.presentPages = presentPages
  }
}

/// The nodes of a machine, by number.
@safe
public struct NodeTable: RandomAccessCollection, @unchecked Sendable {
  private let base: UnsafeMutablePointer<Node>
  public let count: Int

  @unsafe
  init(_ base: UnsafeMutablePointer<Node>, count: Int) {
    unsafe self.base = base
    self.count = count
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { count }

  public subscript(index: Int) -> Ref<Node> {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "no such node")
    return unsafe Ref(base + index)
  }
}
