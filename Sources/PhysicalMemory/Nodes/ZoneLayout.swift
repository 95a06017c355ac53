public import MemoryTypes

/// The kinds of zone that a kernel was built with, whether or not they have memory.
/// Linux: `CONFIG_ZONE_DMA`, `CONFIG_ZONE_DMA32`, `CONFIG_HIGHMEM`; Normal and Movable always are.
@frozen
public struct ZoneKinds: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8

  @inline(__always)
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  @inline(__always)
  public init(_ kind: Zone.Kind) { rawValue = 1 &<< kind.rawValue }

  public static var dma: ZoneKinds { ZoneKinds(.dma) }
  public static var dma32: ZoneKinds { ZoneKinds(.dma32) }
  public static var normal: ZoneKinds { ZoneKinds(.normal) }
  public static var highMemory: ZoneKinds { ZoneKinds(.highMemory) }
  public static var movable: ZoneKinds { ZoneKinds(.movable) }

  /// Normal and Movable: a kernel without any zone for devices of few address lines.
  public static var least: ZoneKinds { [.normal, .movable] }

  @inline(__always)
  public func contains(_ kind: Zone.Kind) -> Bool { contains(ZoneKinds(kind)) }
}

/// Which zones a kernel has and where each one ends: what `NodeSpan` cuts a machine's memory by.
///
/// Zones follow one another from the lowest memory up, in the order of `Zone.Kind`; Movable is cut
/// off the top of the others by `MovableStarts`. Linux: the `max_zone_pfn` that an architecture
/// gives `free_area_init()`, mm/mm_init.c.
public struct ZoneLayout: Hashable, Sendable {
  public var pageSize: PageSize
  public var kinds: ZoneKinds
  /// The end of the DMA zone; nothing without that zone.
  public var dmaEnd: PhysicalAddress
  /// The end of the DMA32 zone; nothing without that zone.
  public var dma32End: PhysicalAddress
  /// The end of what the kernel maps for good. Only with a HighMem zone is it below all memory.
  public var lowMemoryEnd: PhysicalAddress

  /// A layout in which zones without a given end reach as far as memory does.
  public init(
    pageSize: PageSize, kinds: ZoneKinds = .least,
    dmaEnd: PhysicalAddress = PhysicalAddress(.max),
    dma32End: PhysicalAddress = PhysicalAddress(.max),
    lowMemoryEnd: PhysicalAddress = PhysicalAddress(.max)
  ) {
    self.pageSize = pageSize
    self.kinds = kinds.union(.least)
    self.dmaEnd = dmaEnd
    self.dma32End = dma32End
    self.lowMemoryEnd = lowMemoryEnd
  }

  /// The highest zone that a request without any zone flag may use: HighMem and Movable are not.
  /// Linux: `gfp_zone(GFP_USER)`.
  public static var highestForKernel: Zone.Kind { .normal }
}
