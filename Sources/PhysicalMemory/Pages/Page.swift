public import MemoryTypes
public import Synchronization

/// The descriptor of one frame. Linux: `struct page`, include/linux/mm_types.h.
///
/// 64 bytes on 64-bit machines, so that one cache line holds one. A descriptor of zero bytes is
/// valid: a frame inside some block. While a frame is free its fields belong to the allocator;
/// while it is allocated `state` and `order` still do, the rest is the owner's.
@frozen
public struct Page: ~Copyable {
  /// See `PageFlags`. Changed by whoever owns the frame; by the allocator while it is free.
  public var flags: PageFlags
  /// What others may ask of a frame that is not theirs, in one word, so that one comparison tells a
  /// free buddy of the right order. Owners write it without the lock under which others look.
  private let word: Atomic<UInt32>
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
    word = Atomic(0)
    link = ListLink()
    mapping = 0
    index = 0
    privateData = 0
    mapCount = 0
    references = 0
    charge = 0
  }

  /// The order of the block that this frame is the first of, free or allocated; for the tail of a
  /// compound block the order of that block. Read-only for owners.
  @inline(__always)
  public internal(set) var order: Order {
    get { standing.order }
    nonmutating set { standing.order = newValue }
  }

  /// Whether the frame is the first of a block, and of which kind.
  @inline(__always)
  public var state: PageState { standing.state }

  /// The place of the zone in `PageAllocator.zones`; of the first frame of a block only.
  @inline(__always)
  public var zone: UInt8 { standing.zone }

  /// The node that the frame belongs to; of the first frame of a block only.
  @inline(__always)
  public var node: UInt8 { standing.node }

  /// Whether the frame stands in an LRU list, so that its contents can be moved. Linux: `PG_lru`.
  ///
  /// Changed by the owner; any processor may ask.
  @inline(__always)
  public var isOnLRU: Bool {
    get { standing.isOnLRU }
    nonmutating set { standing.isOnLRU = newValue }
  }

  @inline(__always)
  var standing: PageStanding {
    get { PageStanding(rawValue: word.load(ordering: .relaxed)) }
    nonmutating set { word.store(newValue.rawValue, ordering: .relaxed) }
  }

  /// Makes the frame the first of a block of `zone`, or one inside a block.
  @inline(__always)
  func become(_ state: PageState, _ order: Order, in zone: Ref<Zone>) {
    standing = zone.pointee.standing.with(state, order)
  }

  /// Whether the frame is the first of a free block of `order` in `zone`. Linux: `page_is_buddy()`.
  @inline(__always)
  func isFree(_ order: Order, in zone: Ref<Zone>) -> Bool {
    standing == zone.pointee.standing.with(.free, order)
  }

  /// Whether the frame is the first of a block of `order` that someone owns, or a processor keeps.
  @inline(__always)
  func isAllocated(_ order: Order) -> Bool { standing.isAllocated(order) }

  /// Whether the frame is the first of a free block in `zone`.
  @inline(__always)
  func isFree(in zone: Ref<Zone>) -> Bool {
    state == .free && isIn(zone)
  }

  @inline(__always)
  func isIn(_ zone: Ref<Zone>) -> Bool { self.zone == zone.pointee.place }
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
