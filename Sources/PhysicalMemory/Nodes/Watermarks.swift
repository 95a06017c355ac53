public import MemoryTypes

/// How many free pages a zone must keep, and from where on something is done about it.
///
/// min ≤ low ≤ high ≤ promo. Linux: `zone->_watermark`, `__setup_per_zone_wmarks()`,
/// mm/page_alloc.c.
@frozen
public struct Watermarks: Hashable, Sendable {
  /// Below it only requests that may dig into reserves are served.
  public var min: PageCount
  /// Below it the background reclaimer is woken.
  public var low: PageCount
  /// The background reclaimer sleeps from here on.
  public var high: PageCount
  /// The goal when hot pages are promoted from a slower node.
  public var promo: PageCount

  @inline(__always)
  public init(min: PageCount, low: PageCount, high: PageCount, promo: PageCount) {
    self.min = min
    self.low = low
    self.high = high
    self.promo = promo
  }

  public static var none: Watermarks {
    Watermarks(min: .zero, low: .zero, high: .zero, promo: .zero)
  }
}
