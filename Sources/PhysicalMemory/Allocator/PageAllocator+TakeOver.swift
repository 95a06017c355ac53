internal import Machine
public import MemoryTypes

extension PageAllocator {
  /// Hands over what memblock has free and marks the rest reserved.
  func takeOver(_ memblock: borrowing Memblock) {
    let frames = pages.frames
    var handled = frames.start
    for free in memblock.freeRanges {
      let whole = free.wholeFrames(directMap.pageSize).clamped(to: frames)
      guard whole.start < whole.end else { continue }
      markReserved(FrameRange(handled, whole.start))
      handled = whole.end
    }
    markReserved(FrameRange(handled, frames.end))
    for node in nodes.indices {
      for free in memblock.freeRanges(MemblockFilter(node: Int32(node))) {
        handOver(free.wholeFrames(directMap.pageSize).clamped(to: frames), node: node)
      }
    }
  }

  /// Gives reserved frames to the allocator after boot, as the init part of a kernel image is.
  ///
  /// Traps unless each one is reserved and memory. O(frames). Linux: `free_reserved_area()`.
  public func freeReserved(_ frames: FrameRange) {
    var frame = frames.start
    while frame < frames.end {
      precondition(
        pages.contains(frame) && pages[frame].pointee.flags.contains(.reserved),
        "frees a frame that was not reserved")
      pages[frame].pointee.flags = []
      frame = frame + PageCount(1)
    }
    for node in nodes.indices {
      handOver(frames.clamped(to: nodes[node].pointee.range), node: node)
    }
  }

  private func markReserved(_ frames: FrameRange) {
    var frame = frames.start
    while frame < frames.end {
      pages[frame].pointee.flags = .reserved
      frame = frame + PageCount(1)
    }
  }

  /// Adds frames that no list holds, in the largest aligned blocks that are of one zone.
  ///
  /// Linux: `__free_pages_memory()`.
  private func handOver(_ frames: FrameRange, node: Int) {
    var frame = frames.start
    while frame < frames.end {
      guard let zone = zone(of: frame, node: node) else {
        markReserved(FrameRange(frame, frame + PageCount(1)))
        frame = frame + PageCount(1)
        continue
      }
      let end = min(frames.end, zone.pointee.range.end)
      let aligned = UInt8(clamping: frame.rawValue.trailingZeroBitCount)
      var order = min(Order(aligned), maximumOrder)
      while end.rawValue &- frame.rawValue < order.pageCount.rawValue { order = order.previous }
      if options.poisonsFreeFrames { poison(pages[frame], order) }
      zone.pointee.withFreeLists(on: 0) { buddy in
        if options.poisonsFreeFrames { buddy.written.insert(frame, order) }
        buddy.handOver(frame, order)
      }
      frame = frame + order.pageCount
    }
  }

  private func zone(of frame: PageFrameNumber, node: Int) -> Ref<Zone>? {
    for index in node * zones.kindCount..<(node + 1) * zones.kindCount
    where zones[index].pointee.range.contains(frame) {
      return zones[index]
    }
    return nil
  }
}
