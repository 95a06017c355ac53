public import MemoryTypes
internal import Synchronization

/// A range of frames that serves the same needs, with the free lists and marks that guard it.
///
/// spanned ≥ present ≥ managed: holes are spanned only, reserved frames are present only.
/// Linux: `struct zone`, include/linux/mmzone.h.
public struct Zone: ~Copyable {
  /// What a zone's frames can be used for. Linux: `enum zone_type`.
  public enum Kind: UInt8, CaseIterable, Comparable, Sendable {
    case dma
    case dma32
    case normal
    case highMemory
    case movable

    /// Whether the zone lies below the other one.
    @inline(__always)
    public static func < (left: Kind, right: Kind) -> Bool { left.rawValue < right.rawValue }

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
  /// The node that the zone is of.
  public let node: UInt8
  /// The place in the table of all zones.
  public let place: UInt8
  /// How the zone's frames stand, but for state and order.
  let standing: PageStanding
  /// From the first to the last frame, holes included. Linux: `zone_start_pfn`, `spanned_pages`.
  public let range: FrameRange
  /// The frames with memory behind them. Linux: `present_pages`.
  public let presentPages: PageCount
  /// The frames of the contiguous-memory areas. Linux: `cma_pages`.
  public internal(set) var cmaPages = PageCount.zero
  /// Below which free counts who must wait, and who is woken. Written while nobody allocates.
  public internal(set) var watermarks = Watermarks.none
  /// What is kept from requests that a higher zone could serve. Linux: `lowmem_reserve`.
  public internal(set) var reserve = LowMemoryReserve.none
  /// How much the per-CPU lists of the zone may hold. Written while nobody allocates.
  public internal(set) var perCPUMarks = PerCPUMarks.none
  /// How far mixing types may raise the watermarks, in 1/10,000 of the high one.
  /// Linux: `watermark_boost_factor`.
  public internal(set) var boostFactor: UInt = 15_000
  /// Where the free blocks are: which ones, the zone's lock guards.
  let lists: FreeLists
  /// What each processor has not told of its counts; under the zone's lock.
  let lags: CounterLags
  /// The lists of each processor, side by side.
  let perCPU: PerCPUTable
  let counters = ZoneCounters()
  let uses = PageUses()
  /// The free lists, reached under the zone's lock only. Linux: `zone->lock`.
  let buddy: SpinLock<Buddy>

  init(
    _ span: ZoneSpan, node: UInt8, place: UInt8, perCPU: PerCPUTable, lags: CounterLags,
    buddy: consuming sending Buddy
  ) {
    kind = span.kind
    self.node = node
    self.place = place
    standing = PageStanding(zone: place, node: node)
    range = span.range
    presentPages = span.present
    self.perCPU = perCPU
    self.lags = lags
    lists = buddy.lists
    self.buddy = SpinLock(buddy)
  }

  /// All frames of `range`. Linux: `spanned_pages`.
  public var spannedPages: PageCount { range.count }

  /// The frames that the allocator was given, free or not. Linux: `managed_pages`.
  public var managedPages: PageCount { counters.managedPages }

  /// The frames in free lists now, isolated ones left out. Linux: `NR_FREE_PAGES`.
  public var freePages: PageCount { buddy.withLock { $0.freePages } }

  /// Of them the ones in contiguous-memory areas. Linux: `NR_FREE_CMA_PAGES`.
  public var freeCMAPages: PageCount { buddy.withLock { $0.freeCMAPages } }

  /// The free count as watermarks see it and the kernel's texts print it: processors tell what they
  /// count with some delay. Linux: `zone_page_state(NR_FREE_PAGES)`.
  public var countedFreePages: PageCount { PageCount(counters.visibleFreePages) }

  /// The same for contiguous-memory areas.
  public var countedFreeCMAPages: PageCount { PageCount(counters.visibleCMAPages) }

  /// How much a processor may count before it tells. Linux: `stat_threshold`.
  public var lagThreshold: Int { buddy.withLock { $0.lag.pointee.threshold } }

  /// The frames kept back for large requests that must not wait. Linux: `nr_reserved_highatomic`.
  public var highAtomicPages: PageCount { counters.highAtomicPages }

  /// What is added to every watermark for now, after types were mixed. Linux: `watermark_boost`.
  public var watermarkBoost: PageCount { counters.boost }

  /// The frames on the lists of all processors.
  public var perCPUPages: PageCount { perCPU.pageCount }

  /// What the free lists have done since boot.
  public var statistics: BuddyStatistics { buddy.withLock { $0.statistics } }

  /// The blocks of `order` in the free lists of all types: one column of /proc/buddyinfo.
  public func freeBlockCount(of order: Order) -> Int {
    buddy.withLock { $0.blockCount(of: order) }
  }

  /// The blocks of `order` and `type`: one field of /proc/pagetypeinfo.
  public func freeBlockCount(of order: Order, _ type: MigrateType) -> Int {
    buddy.withLock { $0.blockCount(of: order, type) }
  }
}
