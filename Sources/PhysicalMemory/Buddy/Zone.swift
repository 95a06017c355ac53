public import MemoryTypes

/// A range of frames that serves the same needs, with the lock of its free lists.
///
/// spanned ≥ present ≥ managed: holes are spanned only, reserved frames are present only.
/// Linux: `struct zone`, include/linux/mmzone.h.
public struct Zone: ~Copyable {
  /// What a zone's frames can be used for. Linux: `enum zone_type`.
  public enum Kind: UInt8, Sendable {
    case dma
    case dma32
    case normal
    case highMemory
    case movable

    /// As /proc/buddyinfo writes it.
    public var name: StaticString {
      switch self {
      case .dma: "DMA"
      case .dma32: "DMA32"
      case .normal: "Normal"
      case .highMemory: "HighMem"
      case .movable: "Movable"
      }
    }
  }

  public let kind: Kind
  /// From the first to the last frame, holes included.
  public let range: FrameRange
  /// The frames with memory behind them. Linux: `present_pages`.
  public let presentPages: PageCount
  /// The free lists, reached under the zone's lock only. Linux: `zone->lock`.
  let buddy: SpinLock<Buddy>

  init(
    kind: Kind, range: FrameRange, presentPages: PageCount, pages: PageArray,
    maximumOrder: Order, written: WrittenFrames
  ) {
    self.kind = kind
    self.range = range
    self.presentPages = presentPages
    buddy = SpinLock(
      Buddy(pages: pages, range: range, maximumOrder: maximumOrder, written: written))
  }

  /// All frames of `range`. Linux: `spanned_pages`.
  public var spannedPages: PageCount { range.count }

  /// The frames that the allocator was given, free or not. Linux: `managed_pages`.
  public var managedPages: PageCount { buddy.withLock { $0.managedPages } }

  /// The frames in free lists now. Linux: `NR_FREE_PAGES`.
  public var freePages: PageCount { buddy.withLock { $0.freePages } }

  /// What the free lists have done since boot.
  public var statistics: BuddyStatistics { buddy.withLock { $0.statistics } }

  /// The blocks of `order` in its free list: one column of /proc/buddyinfo.
  public func freeBlockCount(of order: Order) -> Int {
    buddy.withLock { $0.lists[order.index].count }
  }
}
