public import MemoryTypes

extension PageAllocator {
  /// Isolates every pageblock that the frames touch: nobody gets a frame of it any more.
  ///
  /// Frames that are in use stay so, and join the isolated when they are freed. Throws when a block
  /// cannot be isolated; those already done are given back then as `type`.
  /// Linux: `start_isolate_page_range()`, mm/page_isolation.c.
  public func isolate(
    _ frames: FrameRange, from type: MigrateType
  ) throws(AllocationError) {
    var frame = pageblocks.block(of: frames.start).start
    while frame < frames.end {
      guard let zone = zone(holding: frame), isolate(frame, in: zone) else {
        undoIsolation(FrameRange(frames.start, frame), to: type)
        throw .outOfMemory
      }
      frame = frame + pageblocks.order.pageCount
    }
    // What processors keep at hand is of the range too.
    drainPerCPULists()
  }

  /// Gives isolated pageblocks back to requests of `type`. Linux: `undo_isolate_page_range()`.
  public func undoIsolation(_ frames: FrameRange, to type: MigrateType) {
    guard frames.start < frames.end else { return }
    var frame = pageblocks.block(of: frames.start).start
    while frame < frames.end {
      if let zone = zone(holding: frame) {
        zone.pointee.withFreeLists(on: processors.index) { $0.release(frame, to: type) }
      }
      frame = frame + pageblocks.order.pageCount
    }
  }

  /// Whether the range is isolated and nobody owns a frame of it. Linux: `test_pages_isolated()`.
  public func isFreeAndIsolated(_ frames: FrameRange) -> Bool {
    guard let zone = zone(holding: frames.start) else { return false }
    return zone.pointee.withFreeLists(on: processors.index) { $0.isFreeAndIsolated(frames) }
  }

  private func isolate(_ frame: PageFrameNumber, in zone: Ref<Zone>) -> Bool {
    zone.pointee.withFreeLists(on: processors.index) { $0.isolate(frame) }
  }

  /// The zone that spans `frame`; where spans of nodes overlap, the first.
  func zone(holding frame: PageFrameNumber) -> Ref<Zone>? {
    for zone in zones where zone.pointee.range.contains(frame) { return zone }
    return nil
  }
}
