/// What a frame is used for and how it stands with its owner. Linux: `enum pageflags`.
///
/// They are the owner's while a frame is allocated; what the allocator itself must know of a
/// neighbour it does not own is `PageState`.
@frozen
public struct PageFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Not the allocator's: a hole, the kernel image, an early allocation. Linux: `PG_reserved`.
  public static var reserved: PageFlags { PageFlags(rawValue: 1 << 0) }
  /// Holds the zeros that it was allocated with: nobody stores anything in it. When it is freed the
  /// allocator takes the owner's word for it.
  public static var zeroFilled: PageFlags { PageFlags(rawValue: 1 << 1) }
  /// On a processor's list of free frames; the allocator's alone.
  static var perCPU: PageFlags { PageFlags(rawValue: 1 << 2) }
  /// First frame of a compound block. Linux: `PG_head`.
  public static var head: PageFlags { PageFlags(rawValue: 1 << 3) }
  /// Another frame of a compound block. Linux: `PageTail`.
  public static var tail: PageFlags { PageFlags(rawValue: 1 << 4) }
  /// A slab of the kernel heap. Linux: `PG_slab`.
  public static var slab: PageFlags { PageFlags(rawValue: 1 << 5) }
  /// A kmalloc block too large for a slab. Linux: `PageLargeKmalloc`.
  public static var largeKmalloc: PageFlags { PageFlags(rawValue: 1 << 6) }
  /// A page table. Linux: `PageTable`.
  public static var table: PageFlags { PageFlags(rawValue: 1 << 7) }
  /// Changed since it was last written back. Linux: `PG_dirty`.
  public static var dirty: PageFlags { PageFlags(rawValue: 1 << 8) }
  /// Holds what its file holds. Linux: `PG_uptodate`.
  public static var upToDate: PageFlags { PageFlags(rawValue: 1 << 9) }
  /// Goes to swap when reclaimed. Linux: `PG_swapbacked`.
  public static var swapBacked: PageFlags { PageFlags(rawValue: 1 << 10) }
  /// Used since the last scan. Linux: `PG_referenced`.
  public static var referenced: PageFlags { PageFlags(rawValue: 1 << 11) }
  /// An anonymous page that one process alone has, so that it may be written without asking.
  /// Linux: `PG_anon_exclusive`.
  public static var anonymousExclusive: PageFlags { PageFlags(rawValue: 1 << 12) }
}

extension PageFlags {
  /// What stops a block on its way back: mistakes, and what must be undone first.
  @inline(__always)
  static var seldomWhenFreed: PageFlags { [.perCPU, .tail, .reserved, .head, .zeroFilled] }
}

/// What the page allocator knows of a frame: written under the zone lock only, since it is read
/// for neighbours that someone else owns. Linux: `PageBuddy`, the rest only by reference count.
///
/// Zero bytes mean: inside a block, whose first frame says what the block is. So the descriptors
/// of memory that was never touched are valid and need not be written at boot.
public enum PageState: UInt8, Sendable {
  case inside = 0
  /// First frame of a free block, which stands in a free list.
  case free = 1
  /// First frame of a block that someone owns.
  case allocated = 2
}
