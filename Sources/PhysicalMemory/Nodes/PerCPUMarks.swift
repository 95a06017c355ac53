public import MemoryTypes

/// How many pages a processor moves to or from its list at once, and how many it may keep.
///
/// Linux: `zone->pageset_batch`, `pageset_high_min`, `pageset_high_max`; in 6.1, which does not
/// tune the mark, both are `pageset_high`.
@frozen
public struct PerCPUMarks: Hashable, Sendable {
  /// At least 1.
  public var batch: PageCount
  /// The high mark of an idle list, at least 4 batches.
  public var highMinimum: PageCount
  /// How far tuning may raise it. Below the minimum in small zones, where it has no effect.
  public var highMaximum: PageCount

  @inline(__always)
  public init(batch: PageCount, highMinimum: PageCount, highMaximum: PageCount) {
    self.batch = batch
    self.highMinimum = highMinimum
    self.highMaximum = highMaximum
  }
}

extension PerCPUMarks {
  /// Lists that hold nothing: every frame goes to the free lists at once. Linux: `BOOT_PAGESET_HIGH`.
  public static var none: PerCPUMarks {
    PerCPUMarks(batch: PageCount(1), highMinimum: .zero, highMaximum: .zero)
  }
}
