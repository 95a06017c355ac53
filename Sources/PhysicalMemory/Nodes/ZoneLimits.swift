public import MemoryTypes

/// The frames that each kind of zone may have on this machine, whatever the node.
///
/// The ranges follow one another without a gap, from the first frame with memory to the last; that
/// of Movable is empty, since it has none of its own. Linux: `arch_zone_lowest_possible_pfn` and
/// `arch_zone_highest_possible_pfn`, mm/mm_init.c; printed as "Zone ranges:".
public struct ZoneLimits: Sendable {
  private var ranges: InlineArray<5, FrameRange>

  /// What `layout` makes of the memory in `memblock`; every range is empty without memory.
  /// O(regions).
  public init(_ layout: ZoneLayout, _ memblock: borrowing Memblock) {
    let all = memblock.frames(ofNode: nil, layout.pageSize)
    ranges = InlineArray(repeating: FrameRange(all.start, all.start))
    var start = all.start
    for kind in Zone.Kind.byAddress where layout.kinds.contains(kind) {
      let end = max(start, min(all.end, layout.end(of: kind)))
      self[kind] = FrameRange(start, end)
      start = end
    }
  }

  public private(set) subscript(_ kind: Zone.Kind) -> FrameRange {
    get { ranges[Int(kind.rawValue)] }
    set { ranges[Int(kind.rawValue)] = newValue }
  }

  /// The zone that movable memory is taken from: the highest one with memory.
  /// Linux: `find_usable_zone_for_movable()`.
  public var highest: Zone.Kind {
    var highest = Zone.Kind.normal
    for kind in Zone.Kind.byAddress where self[kind].start < self[kind].end { highest = kind }
    return highest
  }
}

extension Zone.Kind {
  /// The kinds that lie one above the other, lowest first: all but Movable.
  static var byAddress: AddressOrder { AddressOrder() }

  /// A sequence without storage.
  struct AddressOrder: Sequence, IteratorProtocol {
    private var number: UInt8 = 0

    mutating func next() -> Zone.Kind? {
      guard let kind = Zone.Kind(rawValue: number), kind != .movable else { return nil }
      number += 1
      return kind
    }
  }
}

extension ZoneLayout {
  /// The first frame above a zone of `kind`. A zone ends with the last whole frame below its limit.
  func end(of kind: Zone.Kind) -> PageFrameNumber {
    let address: PhysicalAddress
    switch kind {
    case .dma: address = dmaEnd
    case .dma32: address = dma32End
    case .normal: address = lowMemoryEnd
    case .highMemory, .movable: address = PhysicalAddress(.max)
    }
    return PageFrameNumber(UInt(clamping: address.rawValue >> UInt64(pageSize.shift)))
  }
}

extension Memblock {
  /// From the first to the last whole frame of memory of `node`, or of all nodes; empty, from
  /// frame 0, without one. O(regions). Linux: `get_pfn_range_for_nid()`.
  public func frames(ofNode node: Int32?, _ pageSize: PageSize) -> FrameRange {
    var first: PageFrameNumber?
    var last = PageFrameNumber(0)
    var index = 0
    while index < memory.count {
      let region = memory[index]
      let frames = region.range.wholeFrames(pageSize)
      if node == nil || region.node == node, frames.start < frames.end {
        first = first ?? frames.start
        last = max(last, frames.end)
      }
      index += 1
    }
    guard let first else { return FrameRange(PageFrameNumber(0), PageFrameNumber(0)) }
    return FrameRange(first, last)
  }

  /// The frames with memory of `node` in `range`, or with memory of any node. O(regions).
  /// Linux: `absent_pages_in_range()`, the other way round.
  public func presentPages(
    ofNode node: Int32?, in range: FrameRange, _ pageSize: PageSize
  ) -> PageCount {
    var sum = PageCount.zero
    var index = 0
    while index < memory.count {
      let region = memory[index]
      if node == nil || region.node == node {
        sum += region.range.wholeFrames(pageSize).clamped(to: range).count
      }
      index += 1
    }
    return sum
  }
}

extension FrameRange {
  /// What lies in both ranges; empty, with its end at its start, when nothing does.
  func clamped(to other: FrameRange) -> FrameRange {
    let first = max(start, other.start)
    return FrameRange(first, max(first, min(end, other.end)))
  }
}
