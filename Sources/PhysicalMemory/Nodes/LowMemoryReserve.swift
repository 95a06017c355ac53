public import MemoryTypes

/// The frames that a zone keeps back from requests which could have used a zone above it: the sum of
/// the zones above it, up to the one the request could use, divided by a ratio.
///
/// Linux: `lowmem_reserve`, `setup_per_zone_lowmem_reserve()`, mm/page_alloc.c; recomputed whenever
/// the ratios are read or written through /proc.
@frozen
public struct LowMemoryReserve: Sendable {
  private var pages: InlineArray<5, PageCount>

  /// Nothing is kept back.
  public static var none: LowMemoryReserve {
    LowMemoryReserve(pages: InlineArray(repeating: .zero))
  }

  /// What a recording says, by the number of the kind that a request could have used.
  public init(pages: InlineArray<5, PageCount>) { self.pages = pages }

  /// What a zone of `kind` keeps back.
  ///
  /// - Parameters:
  ///   - ratio: Of that zone; 0 keeps nothing back. Linux: `sysctl_lowmem_reserve_ratio`.
  ///   - managed: The managed frames of the node's zones, by the numbers of their kinds.
  public init(of kind: Zone.Kind, ratio: UInt, _ managed: InlineArray<5, PageCount>) {
    self = .none
    let own = Int(kind.rawValue)
    guard ratio > 0, managed[own] > .zero, kind != .movable else { return }
    var above = PageCount.zero
    for index in (own + 1)..<5 {
      above += managed[index]
      pages[index] = PageCount(above.rawValue / ratio)
    }
  }

  /// What is kept back from a request whose highest zone is of `kind`.
  @inline(__always)
  public subscript(_ kind: Zone.Kind) -> PageCount { pages[Int(kind.rawValue)] }

  /// The most that is kept back from any request.
  public var largest: PageCount {
    var largest = PageCount.zero
    for index in pages.indices { largest = max(largest, pages[index]) }
    return largest
  }

  /// The ratio that a zone of `kind` has unless it is set: 256 for DMA and DMA32, 32 for Normal.
  public static func standardRatio(of kind: Zone.Kind) -> UInt {
    switch kind {
    case .dma, .dma32: 256
    case .normal: 32
    case .highMemory, .movable: 0
    }
  }

  /// The part of a zone that user pages cannot count on: its high mark and what it keeps back, at
  /// most all of it. Linux: `calculate_totalreserve_pages()`, of which this is one summand.
  public func total(high: PageCount, managed: PageCount) -> PageCount {
    min(largest + high, managed)
  }
}
