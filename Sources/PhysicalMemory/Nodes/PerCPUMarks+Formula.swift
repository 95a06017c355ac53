public import MemoryTypes

extension PerCPUMarks {
  /// The marks of a zone's per-CPU lists.
  ///
  /// A batch is near a 4096th of the zone, at most 256 KiB, made one less than a power of two. The
  /// high mark shares the zone's low mark among the node's processors, so that full lists do not
  /// wake the reclaimer; tuning may raise it to an eighth of the zone.
  ///
  /// - Parameters:
  ///   - managed: Of the zone.
  ///   - low: The zone's low mark.
  ///   - processors: Online ones of the zone's node, or of the machine if the node has none.
  ///   - fraction: 0, or the divisor of the zone that replaces both high marks.
  ///     Linux: `percpu_pagelist_high_fraction`.
  ///   - isTuned: Whether the kernel tunes the high mark (6.7 and later); if not, both are equal.
  ///
  /// Linux: `zone_set_pageset_high_and_batch()`, `zone_batchsize()`, `zone_highsize()`,
  /// mm/page_alloc.c.
  public init(
    managed: PageCount, low: PageCount, processors: UInt, fraction: UInt = 0,
    isTuned: Bool = true, _ pageSize: PageSize
  ) {
    let batch = Self.batch(managed, pageSize)
    func high(_ total: PageCount) -> PageCount {
      PageCount(max(total.rawValue / max(processors, 1), batch.rawValue << 2))
    }
    let minimum = high(fraction == 0 ? low : PageCount(managed.rawValue / fraction))
    let eighth = high(PageCount(managed.rawValue / 8))
    self.init(
      batch: batch, highMinimum: minimum,
      highMaximum: isTuned && fraction == 0 ? eighth : minimum)
  }

  private static func batch(_ managed: PageCount, _ pageSize: PageSize) -> PageCount {
    let most = UInt(256 << 10) >> UInt(pageSize.shift)
    let base = max(min(managed.rawValue >> 12, most), 1)
    let sum = base + base / 2
    let power = UInt(1) << UInt(UInt.bitWidth &- 1 &- sum.leadingZeroBitCount)
    return PageCount(max(power - 1, 1))
  }
}

/// How far a processor's share of a zone's counters may drift before it is added to the zone's.
public enum StatisticsThreshold {
  /// Twice the bits of the number of processors times the bits of the zone's 128 MiB, at most 125.
  /// Linux: `calculate_normal_threshold()`, mm/vmstat.c.
  public static func pages(managed: PageCount, processors: UInt, _ pageSize: PageSize) -> UInt {
    let chunks = managed.rawValue >> UInt(27 - pageSize.shift)
    return min(2 * bits(processors) * (1 + bits(chunks)), 125)
  }

  private static func bits(_ value: UInt) -> UInt {
    UInt(UInt.bitWidth - value.leadingZeroBitCount)
  }
}
