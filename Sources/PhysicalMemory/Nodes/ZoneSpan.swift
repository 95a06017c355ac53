public import MemoryTypes

/// The frames of one zone of one node, as memory lies when the machine starts.
///
/// Linux: `zone_start_pfn`, `spanned_pages`, `present_pages`.
@frozen
public struct ZoneSpan: Hashable, Sendable {
  public var kind: Zone.Kind
  /// From the first to the last frame with memory, holes between them included. Empty, from frame
  /// 0, for a zone without memory.
  public var range: FrameRange
  /// The frames with memory behind them, reserved or not.
  public var present: PageCount

  @inline(__always)
  public init(_ kind: Zone.Kind, _ range: FrameRange, present: PageCount) {
    self.kind = kind
    self.range = range
    self.present = present
  }

  /// A zone that a kernel has but this node has no memory for.
  @inline(__always)
  public static func empty(_ kind: Zone.Kind) -> ZoneSpan {
    let zero = PageFrameNumber(0)
    return ZoneSpan(kind, FrameRange(zero, zero), present: .zero)
  }

  public var start: PageFrameNumber { range.start }
  public var spanned: PageCount { range.count }
  /// The frames of holes. Linux: `absent_pages_in_range()`.
  public var absent: PageCount { spanned - present }
  /// Whether there is memory. Linux: `populated_zone()`.
  public var isPopulated: Bool { present > .zero }
}

/// A zone as the formulas of marks and reserves see it.
@frozen
public struct ZoneSize: Hashable, Sendable {
  public var kind: Zone.Kind
  /// The frames that the allocator was given, free or not. Linux: `managed_pages`.
  public var managed: PageCount

  @inline(__always)
  public init(_ kind: Zone.Kind, managed: PageCount) {
    self.kind = kind
    self.managed = managed
  }
}
