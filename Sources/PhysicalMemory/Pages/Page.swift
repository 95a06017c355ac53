public import MemoryTypes

/// The descriptor of one frame. Linux: `struct page`, include/linux/mm_types.h.
///
/// 64 bytes on 64-bit machines, so that one cache line holds one. A descriptor of zero bytes is
/// valid: a frame inside some block. While a frame is free its fields belong to the allocator;
/// while it is allocated `state` and `order` still do, the rest is the owner's.
@frozen
public struct Page: ~Copyable {
  /// See `PageFlags`. Changed by whoever owns the frame; by the allocator while it is free.
  public var flags: PageFlags
  /// The order of the block that this frame is the first of, free or allocated; for the tail of a
  /// compound block the order of that block. Read-only for owners.
  public internal(set) var order: Order
  /// Whether the frame is the first of a block, and of which kind.
  public internal(set) var state: PageState
  /// The index of the zone in its node.
  public internal(set) var zone: UInt8
  /// The node that the frame belongs to.
  public internal(set) var node: UInt8
  /// The owner's list: free list, LRU list, partial slabs. Linux: `lru`.
  public var link: ListLink<Page>
  /// Whose contents these are: an address space, a file, a slab cache. Linux: `mapping`.
  public var mapping: UInt
  /// Where in `mapping`, in pages; a slab's free list. Linux: `index`.
  public var index: UInt
  /// The owner's own word; a slab's counters. Linux: `private`.
  public var privateData: UInt
  /// How many page-table entries map the frame, from 0. Linux: `_mapcount` + 1.
  public var mapCount: Int32
  /// How many users keep the frame; 1 when it is allocated. Linux: `_refcount`.
  public var references: Int32
  /// What the frame is charged to. Linux: `memcg_data`.
  public var charge: UInt

  /// The descriptor of a frame inside a block: zero bytes.
  @inline(__always)
  public init() {
    flags = []
    order = .zero
    state = .inside
    zone = 0
    node = 0
    link = ListLink()
    mapping = 0
    index = 0
    privateData = 0
    mapCount = 0
    references = 0
    charge = 0
  }
}

/// Pages in a list by `Page.link`.
public enum PageLinking: ListLinking {
  @inline(__always)
  public static func link(of page: Ref<Page>) -> Ref<ListLink<Page>> {
    // SAFETY: the link lives in the descriptor, which outlives every list.
    unsafe Ref(&page.pointee.link)
  }
}

/// A list of pages: a free list, an LRU list, the frames to free after a TLB flush.
public typealias PageList = IntrusiveList<PageLinking>
