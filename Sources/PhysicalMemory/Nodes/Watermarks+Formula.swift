public import MemoryTypes

/// What the watermarks of all zones of a machine are computed from.
@frozen
public struct WatermarkBasis: Hashable, Sendable {
  /// Linux: `min_free_kbytes`.
  public var minimumFreeKilobytes: UInt64
  /// The managed frames of all zones and nodes that share the minimum: those that
  /// `sharesMinimum` names.
  public var lowMemory: PageCount
  /// In ten-thousandths of a zone. Linux: `watermark_scale_factor`, 10 unless set.
  public var scaleFactor: UInt64
  /// Whether Movable shares the minimum. Linux: 6.12 never; before 6.2, unless HighMem is the zone
  /// it was taken from.
  public var countsMovable: Bool
  public var pageSize: PageSize

  public init(
    minimumFreeKilobytes: UInt64, lowMemory: PageCount, scaleFactor: UInt64 = 10,
    countsMovable: Bool = false, pageSize: PageSize
  ) {
    self.minimumFreeKilobytes = minimumFreeKilobytes
    self.lowMemory = lowMemory
    self.scaleFactor = scaleFactor
    self.countsMovable = countsMovable
    self.pageSize = pageSize
  }

  /// Whether a zone has its part of the minimum by its size, or a small one of its own.
  public func sharesMinimum(_ kind: Zone.Kind) -> Bool {
    switch kind {
    case .dma, .dma32, .normal: true
    case .highMemory: false
    case .movable: countsMovable
    }
  }
}

extension Watermarks {
  /// The marks of one zone.
  ///
  /// The minimum is the zone's part of the machine's, by managed frames; of HighMem and Movable a
  /// 1024th, 32 to 128 frames. The marks above it stand apart by a quarter of the zone's part, or by
  /// the scale factor's if that is more. Linux: `__setup_per_zone_wmarks()`, mm/page_alloc.c.
  public init(of zone: ZoneSize, _ basis: WatermarkBasis) {
    let managed = UInt64(zone.managed.rawValue)
    let minimum = basis.minimumFreeKilobytes >> UInt64(basis.pageSize.shift - 10)
    let lowMemory = UInt64(basis.lowMemory.rawValue)
    let part = lowMemory == 0 ? 0 : minimum &* managed / lowMemory
    let own = Swift.min(Swift.max(managed / 1024, 32), 128)
    let lowest = basis.sharesMinimum(zone.kind) ? part : own
    let scale = basis.scaleFactor
    let scaled = managed / 10_000 &* scale &+ managed % 10_000 &* scale / 10_000
    let step = Swift.max(part >> 2, scaled)
    self.init(
      min: PageCount(UInt(lowest)), low: PageCount(UInt(lowest &+ step)),
      high: PageCount(UInt(lowest &+ 2 &* step)), promo: PageCount(UInt(lowest &+ 3 &* step)))
  }
}
