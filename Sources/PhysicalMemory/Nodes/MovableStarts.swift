public import MemoryTypes

/// How much memory the command line wants for the Movable zone, or for everything else.
public enum MovableRequest: Hashable, Sendable {
  /// No Movable zone.
  case none
  /// Frames that must stay outside Movable, and frames wanted inside; the larger rest outside wins.
  /// Linux: `kernelcore=`, `movablecore=`.
  case pages(kernel: PageCount, movable: PageCount)
  /// The same in hundredths of all memory. Linux: `kernelcore=nn%`, `movablecore=nn%`.
  case percent(kernel: UInt, movable: UInt)
  /// All memory above 4 GiB that is not mirrored. Linux: `kernelcore=mirror`.
  case mirror
  /// All memory that may be taken out. Linux: `movable_node`.
  case hotpluggable
}

/// Where on each node the Movable zone starts; it takes all of the node from there.
///
/// Kernel memory is spread over the nodes evenly; a node that has less leaves its share to the
/// others. Node numbers from 64 on have no Movable zone. Linux: `zone_movable_pfn`,
/// `find_zone_movable_pfns_for_nodes()`, mm/mm_init.c.
public struct MovableStarts: Sendable {
  /// Frame 0 stands for none.
  private var starts = InlineArray<64, PageFrameNumber>(repeating: PageFrameNumber(0))
  /// Whether Movable may lie amid a zone, which then keeps its whole span.
  public let isMirrored: Bool

  /// No node has a Movable zone.
  public static var none: MovableStarts { MovableStarts(isMirrored: false) }

  private init(isMirrored: Bool) { self.isMirrored = isMirrored }

  /// The starts that `request` leads to. O(nodes * regions) per pass, at most a pass per node.
  ///
  /// - Parameter maximumOrder: Starts are rounded up to blocks of this order.
  public init(
    _ request: MovableRequest, _ layout: ZoneLayout, maximumOrder: Order,
    _ memblock: borrowing Memblock
  ) {
    let limits = ZoneLimits(layout, memblock)
    isMirrored = request == .mirror
    switch request {
    case .none: return
    case .mirror:
      guard memblock.hasMirror else { return }
      let first = PageFrameNumber(UInt((1 << 32) >> UInt64(layout.pageSize.shift)))
      take(memblock, layout.pageSize, from: first) { !$0.flags.contains(.mirrored) }
    case .hotpluggable:
      take(memblock, layout.pageSize, from: PageFrameNumber(0)) {
        $0.flags.contains(.hotpluggable)
      }
    case .pages, .percent:
      let total = memblock.presentPages(ofNode: nil, in: .all, layout.pageSize)
      let kernel = Self.kernelPages(request, total, maximumOrder)
      guard kernel > .zero, kernel < total else { return }
      spread(kernel, from: limits[limits.highest].start, memblock, layout.pageSize)
    }
    align(maximumOrder, memblock, layout.pageSize)
  }

  /// Where Movable starts on `node`; nil without one.
  public subscript(node: Int32) -> PageFrameNumber? {
    guard node >= 0, node < 64, starts[Int(node)] > PageFrameNumber(0) else { return nil }
    return starts[Int(node)]
  }

  /// The frames that must stay outside Movable; 0 when nothing was asked for.
  private static func kernelPages(
    _ request: MovableRequest, _ total: PageCount, _ maximumOrder: Order
  ) -> PageCount {
    var kernel = UInt(0)
    var movable = UInt(0)
    switch request {
    case .pages(let wanted, let wantedMovable):
      (kernel, movable) = (wanted.rawValue, wantedMovable.rawValue)
    case .percent(let part, let movablePart):
      kernel = hundredths(part, of: total.rawValue)
      movable = hundredths(movablePart, of: total.rawValue)
    case .none, .mirror, .hotpluggable: return .zero
    }
    if movable > 0 {
      let block = maximumOrder.pageCount.rawValue
      let (padded, overflow) = movable.addingReportingOverflow(block - 1)
      movable = overflow ? total.rawValue : min(total.rawValue, padded & ~(block - 1))
      kernel = max(kernel, total.rawValue - movable)
    }
    return PageCount(kernel)
  }

  private static func hundredths(_ part: UInt, of total: UInt) -> UInt {
    UInt(UInt64(total) / 100 * UInt64(part) + UInt64(total) % 100 * UInt64(part) / 100)
  }

  /// Movable begins with the lowest region of a node that `isWanted`.
  private mutating func take(
    _ memblock: borrowing Memblock, _ pageSize: PageSize, from first: PageFrameNumber,
    _ isWanted: (MemblockRegion) -> Bool
  ) {
    var index = 0
    while index < memblock.memory.count {
      let region = memblock.memory[index]
      let start = region.range.wholeFrames(pageSize).start
      if isWanted(region), start >= first, region.node >= 0, region.node < 64,
        self[region.node] == nil
      {
        starts[Int(region.node)] = start
      }
      index += 1
    }
  }

  /// Blocks must not be of two zones, and a start beyond the node is none.
  private mutating func align(
    _ order: Order, _ memblock: borrowing Memblock, _ pageSize: PageSize
  ) {
    let block = order.pageCount.rawValue
    for node in 0..<64 {
      let start = (starts[node].rawValue &+ block &- 1) & ~(block &- 1)
      let end = memblock.frames(ofNode: Int32(node), pageSize).end
      starts[node] = PageFrameNumber(start >= end.rawValue ? 0 : start)
    }
  }
}

extension MovableStarts {
  /// Gives each node its share of `kernel` frames, then shares what is left among one node less.
  fileprivate mutating func spread(
    _ kernel: PageCount, from usable: PageFrameNumber, _ memblock: borrowing Memblock,
    _ pageSize: PageSize
  ) {
    var left = kernel.rawValue
    var nodes = UInt(0)
    for node in 0..<Int32(64) {
      let frames = memblock.frames(ofNode: node, pageSize)
      if frames.start < frames.end { nodes += 1 }
    }
    while nodes > 0 {
      var share = left / nodes
      for node in 0..<Int32(64) {
        let frames = memblock.frames(ofNode: node, pageSize)
        guard frames.start < frames.end else { continue }
        if left < share { share = left / nodes }
        walk(node, share, &left, usable, memblock, pageSize)
      }
      nodes -= 1
      if left <= nodes { return }
    }
  }

  /// Counts the memory of one node as the kernel's until its share is used up; frames below `usable`
  /// can never be movable and count as well.
  private mutating func walk(
    _ node: Int32, _ share: UInt, _ left: inout UInt, _ usable: PageFrameNumber,
    _ memblock: borrowing Memblock, _ pageSize: PageSize
  ) {
    var remaining = share
    var index = 0
    while index < memblock.memory.count {
      let region = memblock.memory[index]
      index += 1
      let frames = region.range.wholeFrames(pageSize)
      var start = max(frames.start, starts[Int(node)])
      guard region.node == node, start < frames.end else { continue }
      if start < usable {
        let fixed = (min(frames.end, usable) - start).rawValue
        remaining -= min(fixed, remaining)
        left -= min(fixed, left)
        guard usable < frames.end else {
          starts[Int(node)] = frames.end
          continue
        }
        start = usable
      }
      let used = min((frames.end - start).rawValue, remaining)
      starts[Int(node)] = start + PageCount(used)
      left -= min(left, used)
      remaining -= used
      if remaining == 0 { return }
    }
  }
}

extension FrameRange {
  /// Every frame there can be.
  fileprivate static var all: FrameRange {
    FrameRange(PageFrameNumber(0), PageFrameNumber(.max))
  }
}
