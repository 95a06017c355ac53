public import MemoryTypes

/// The fewest instructions that make a processor with FEAT_TLBIRANGE forget a range of pages.
///
/// Arm ARM C5.5, "TLBI RVAE1IS": one operand covers (NUM + 1) × 2^(5 SCALE + 1) pages.
///
///      63  48 47  46 45   44 43 39 38 37 36          0
///     +------+------+-------+-----+-----+-------------+
///     | ASID |  TG  | SCALE | NUM | TTL | page number |
///     +------+------+-------+-----+-----+-------------+
///
/// So the pages are written in digits to the base of 32, the largest first, and an odd page over is
/// forgotten by its address: at most five instructions for 2^21 pages.
/// Linux: `__flush_tlb_range_op()`, arch/arm64/include/asm/tlbflush.h.
@frozen
public struct RangeInvalidation: Sendable {
  private var page: UInt
  private var pagesLeft: UInt
  private var scale: UInt = 4
  private let asid: ASID
  private let pageSize: PageSize

  /// What one instruction forgets.
  @frozen
  public enum Order: Hashable, Sendable {
    case page(VirtualAddress)
    case pages(VirtualRange)
  }

  /// Ranges above this many pages are left to an invalidation of the address space.
  /// Linux: `MAX_TLBI_RANGE_PAGES`.
  public static var pageLimit: UInt { 1 << 21 }

  /// - Parameter range: whole pages, at most `pageLimit`.
  public init(_ range: VirtualRange, asid: ASID, pageSize: PageSize) {
    page = pageSize.pageNumber(of: range.start)
    pagesLeft = range.count.rawValue >> UInt(pageSize.shift)
    self.asid = asid
    self.pageSize = pageSize
  }

  /// The next instruction; nil when all pages were named.
  public mutating func next() -> Order? {
    while scale > 0 {
      scale &-= 1
      let unit = 5 &* scale &+ 1
      let digit = scale == 3 ? pagesLeft >> unit : pagesLeft >> unit & 31
      if digit > 0 { return .pages(take(min(digit, 32) << unit)) }
    }
    return pagesLeft == 0 ? nil : .page(take(1).start)
  }

  /// The operand of `order`, as the instruction's register wants it.
  public func operand(of order: Order) -> UInt64 {
    let identifier = UInt64(asid.rawValue) << 48
    switch order {
    case .page(let address): return identifier | UInt64(address.rawValue) >> 12 & (1 << 44 - 1)
    case .pages(let range):
      let shift = UInt64(pageSize.shift)
      let count = UInt64(range.count.rawValue) >> shift
      let scale = min(UInt64(62 - count.leadingZeroBitCount) / 5, 3)
      let number = count >> (5 * scale + 1) - 1
      let granule = (shift - 10) / 2
      let page = UInt64(range.start.rawValue) >> shift & (1 << 37 - 1)
      return identifier | granule << 46 | scale << 44 | number << 39 | page
    }
  }

  private mutating func take(_ pages: UInt) -> VirtualRange {
    let start = VirtualAddress(page << UInt(pageSize.shift))
    page &+= pages
    pagesLeft &-= pages
    return VirtualRange(start, count: ByteCount(pages << UInt(pageSize.shift)))
  }
}
