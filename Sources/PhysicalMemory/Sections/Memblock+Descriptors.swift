internal import Machine
internal import MemoryTypes

extension Memblock {
  /// Reserves frames for the descriptors of each section that has memory, in the node that the
  /// section is of; how many frames.
  ///
  /// Sections of one node that follow each other share a block. A section belongs to the node of the
  /// lowest memory in it. Where the node has no room for the block, it gives what single frames it
  /// has, and others the rest. Throws when nobody has: what was reserved stays so.
  /// O(regions × blocks). Linux: `sparse_init()`, `sparse_init_nid()`, mm/sparse.c.
  mutating func reserveDescriptors(
    for frames: FrameRange, _ order: Order, _ pageSize: PageSize
  ) throws(AllocationError) -> PageCount {
    var all: UInt = 0
    var run = (node: MemblockRegion.noNode, sections: UInt(0))
    var next: UInt = 0
    let size = SectionDescriptors(order, pageSize)
    for index in 0..<memory.count {
      let region = memory[index]
      let here = region.range.wholeFrames(pageSize).clamped(to: frames)
      guard here.start < here.end else { continue }
      let first = max(here.start.rawValue >> UInt(order.rawValue), next)
      let end = ((here.end.rawValue &- 1) >> UInt(order.rawValue)) &+ 1
      guard first < end else { continue }
      if region.node != run.node {
        try reserve(size, run.sections, run.node)
        run = (region.node, 0)
      }
      run.sections += end - first
      all += end - first
      next = end
    }
    try reserve(size, run.sections, run.node)
    return PageCount(pageSize.pages(in: ByteCount(UInt(size.bytes))).rawValue * all)
  }

  private mutating func reserve(
    _ size: SectionDescriptors, _ sections: UInt, _ node: Int32
  ) throws(AllocationError) {
    guard sections > 0 else { return }
    let wanted = node == MemblockRegion.noNode ? nil : node
    let whole = MemblockRequest(
      size: size.bytes * UInt64(sections), alignment: size.alignment, node: wanted,
      isExactNode: true)
    if let place = placement(of: whole) {
      return try reserve(PhysicalRange(place, count: whole.size))
    }
    let unit = UInt64(pageSize.bytes.rawValue)
    for _ in 0..<whole.size / unit {
      _ = try allocate(MemblockRequest(size: unit, alignment: unit, node: wanted))
    }
  }
}

/// What the descriptors of one section need.
private struct SectionDescriptors {
  /// In whole frames.
  let bytes: UInt64
  /// What one entry of the second-lowest table maps, where the descriptors fill that; else a frame.
  let alignment: UInt64

  init(_ order: Order, _ pageSize: PageSize) {
    let mask = UInt64(pageSize.offsetMask)
    let size = UInt64(order.pageCount.rawValue) * UInt64(MemoryLayout<Page>.stride)
    bytes = (size + mask) & ~mask
    let entry = (mask + 1) << UInt64(pageSize.shift - 3)
    alignment = bytes % entry == 0 ? entry : mask + 1
  }
}
