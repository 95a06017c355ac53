public import MemoryTypes

/// The memory of one node and the zones it is cut into.
///
///     memory of the node   |####|      |####################|####################|
///     zones of the machine |  DMA  |        DMA32         |        Normal        |
///     zones of the node    |DMA |      |      DMA32        |  Normal  | Movable   |
///
/// A zone spans from the first to the last frame that the node and the zone's range share, holes
/// included, even where the shared part has no memory at its edges. The node's zones never overlap.
///
/// Linux: `calculate_node_totalpages()`, mm/mm_init.c.
public struct NodeSpan: Sendable {
  public let node: Int32
  /// From the first to the last frame with memory; empty for a node without any.
  public let range: FrameRange
  private var zones: InlineArray<5, ZoneSpan>

  /// The zones that `layout` makes of the memory that `memblock` has for `node`. Zones that the
  /// layout does not name are empty. O(regions).
  public init(
    _ node: Int32, _ memblock: borrowing Memblock, _ layout: ZoneLayout,
    movable: MovableStarts = .none
  ) {
    let limits = ZoneLimits(layout, memblock)
    let range = memblock.frames(ofNode: node, layout.pageSize)
    self.node = node
    self.range = range
    zones = [.empty(.dma), .empty(.dma32), .empty(.normal), .empty(.highMemory), .empty(.movable)]
    guard range.start < range.end else { return }
    let start = movable[node]
    for kind in Zone.Kind.byAddress where layout.kinds.contains(kind) {
      var frames = limits[kind].clamped(to: range)
      if let start { frames = frames.leaving(start, isMirrored: movable.isMirrored) }
      let isShared = movable.isMirrored && start != nil && kind == .normal
      place(kind, frames, memblock, layout.pageSize, isShared ? .onlyMirrored : .all)
    }
    if let start {
      let end = max(start, min(range.end, limits[limits.highest].end))
      place(
        .movable, FrameRange(start, end), memblock, layout.pageSize,
        movable.isMirrored ? .notMirrored : .all)
    }
  }

  /// Which memory of its span a zone has: with `kernelcore=mirror`, Normal and Movable share theirs.
  private enum Share {
    case all, onlyMirrored, notMirrored

    func admits(_ region: MemblockRegion) -> Bool {
      switch self {
      case .all: true
      case .onlyMirrored: region.flags.contains(.mirrored)
      case .notMirrored: !region.flags.contains(.mirrored)
      }
    }
  }

  public private(set) subscript(_ kind: Zone.Kind) -> ZoneSpan {
    get { zones[Int(kind.rawValue)] }
    set { zones[Int(kind.rawValue)] = newValue }
  }

  /// The frames with memory. Linux: `node_present_pages`.
  public var present: PageCount {
    var sum = PageCount.zero
    for index in zones.indices { sum += zones[index].present }
    return sum
  }

  private mutating func place(
    _ kind: Zone.Kind, _ frames: FrameRange, _ memblock: borrowing Memblock,
    _ pageSize: PageSize, _ share: Share
  ) {
    guard frames.start < frames.end else { return }
    var present = PageCount.zero
    var index = 0
    while index < memblock.memory.count {
      let region = memblock.memory[index]
      if region.node == node && share.admits(region) {
        present += region.range.wholeFrames(pageSize).clamped(to: frames).count
      }
      index += 1
    }
    self[kind] = ZoneSpan(kind, frames, present: present)
  }
}

extension FrameRange {
  /// What stays of a zone when Movable takes everything from `start` on.
  fileprivate func leaving(_ start: PageFrameNumber, isMirrored: Bool) -> FrameRange {
    if self.start >= start { return FrameRange(self.start, self.start) }
    return isMirrored ? self : FrameRange(self.start, min(end, start))
  }
}
