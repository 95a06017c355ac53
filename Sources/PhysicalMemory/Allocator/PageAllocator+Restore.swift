public import MemoryTypes

/// A recorded state, put in place frame by frame: for replays of what another machine did.
///
/// Begin with an allocator all of whose frames are reserved, then say what each one is. While nobody
/// allocates; invariants hold once every managed frame has been told of.
extension PageAllocator {
  /// Puts an aligned block at the tail of the free list of its order and its pageblock's type.
  ///
  /// - Throws: `RestoreError.misplaced` when the block is not aligned, not all of it is in one zone,
  ///   or a frame of it has been told of already. Nothing has changed then.
  public func restoreFree(
    _ frame: PageFrameNumber, _ order: Order
  ) throws(RestoreError) {
    let zone = try claimReserved(frame, order)
    let size = Int(bitPattern: order.pageCount.rawValue)
    zone.pointee.withFreeLists(on: 0) { buddy in
      zone.pointee.counters.countManaged(size)
      buddy.list(pages[frame], order, pageblocks[frame], at: .tail)
      buddy.count(size, pageblocks[frame])
    }
  }

  /// Makes an aligned block someone's.
  ///
  /// - Throws: As `restoreFree(_:_:)`.
  public func restoreAllocated(
    _ frame: PageFrameNumber, _ order: Order
  ) throws(RestoreError) {
    let zone = try claimReserved(frame, order)
    zone.pointee.withFreeLists(on: 0) { _ in
      zone.pointee.counters.countManaged(Int(bitPattern: order.pageCount.rawValue))
      pages[frame].pointee.become(.allocated, order, in: zone)
    }
    pages[frame].pointee.references = 1
  }

  /// Puts an aligned block at the tail of a processor's list.
  ///
  /// - Parameter list: Three times the order plus the type; 12 and 13 for huge pages that cannot
  ///   and can move.
  /// - Throws: As `restoreFree(_:_:)`.
  public func restorePerCPU(
    _ frame: PageFrameNumber, list: Int, processor: Int
  ) throws(RestoreError) {
    guard list >= 0, list < PerCPULists.listCount, processor >= 0, processor < options.processors
    else { throw .misplaced }
    let order = PerCPULists.order(of: list, huge: pageblocks.order)
    try restoreAllocated(frame, order)
    let page = pages[frame]
    page.pointee.references = 0
    page.pointee.flags = .perCPU
    zones[page].pointee.perCPU[processor].pointee.withLock { lists in
      lists.pushBack(page, list, order)
    }
  }

  /// Makes the blocks of an allocated block as many allocated blocks of another order.
  ///
  /// A record tells of a free, not always of the order that its frames were allocated with.
  /// - Throws: `RestoreError.misplaced` unless every frame of the block is allocated.
  public func restoreOrder(
    of frame: PageFrameNumber, _ order: Order
  ) throws(RestoreError) {
    guard pages.contains(frame), pages.contains(frame + order.pageCount - PageCount(1)),
      frame.rawValue & (order.pageCount.rawValue &- 1) == 0
    else { throw .misplaced }
    let zone = zones[pages[frame]]
    var inside = frame
    while inside < frame + order.pageCount {
      let page = pages[inside]
      guard page.pointee.state == .allocated, page.pointee.order == .zero || inside == frame,
        page.pointee.flags.isDisjoint(with: [.perCPU, .reserved])
      else { throw .misplaced }
      inside = inside + max(page.pointee.order.pageCount, PageCount(1))
    }
    zone.pointee.withFreeLists(on: 0) { _ in
      var inside = frame
      while inside < frame + order.pageCount {
        pages[inside].pointee.standing = .inside
        inside = inside + PageCount(1)
      }
      pages[frame].pointee.become(.allocated, order, in: zone)
    }
  }

  /// Takes the block at `frame` whoever keeps it free, the free lists or a processor; nil when
  /// neither has all of it. For a replay whose allocator chose otherwise than the recorded one.
  public func restoreTaken(_ frame: PageFrameNumber, _ order: Order) -> Ref<Page>? {
    guard pages.contains(frame), let zone = zone(holding: frame) else { return nil }
    let page = pages[frame]
    if page.pointee.flags.contains(.perCPU), page.pointee.order == order {
      for processor in 0..<options.processors {
        guard zone.pointee.removePerCPU(page, order, from: processor) else { continue }
        return prepare(page, order, [])
      }
    }
    let found = zone.pointee.withFreeLists(on: processors.index) { $0.take(frame, order) }
    return found.map { prepare($0, order, []) }
  }

  /// Gives a zone the marks that a recording has instead of those that follow from its size.
  ///
  /// Linux: `_watermark`, `watermark_boost`, `lowmem_reserve`, `pageset_high_min` and its kin.
  public func restoreMarks(
    of zone: Ref<Zone>, _ watermarks: Watermarks, boost: PageCount, _ reserve: LowMemoryReserve,
    _ perCPU: PerCPUMarks
  ) {
    zone.pointee.watermarks = watermarks
    zone.pointee.reserve = reserve
    zone.pointee.perCPUMarks = perCPU
    zone.pointee.counters.setBoost(boost)
    buildWays()
  }

  /// Builds what requests follow anew after frames were told of, since zonelists name zones with
  /// frames only. Marks stay.
  public func restoreZonelists() {
    buildZonelists()
    buildWays()
  }

  /// Gives a pageblock its type.
  public func restoreType(_ type: MigrateType, of frame: PageFrameNumber) {
    if pages.contains(frame) { pageblocks[frame] = type }
  }

  private func claimReserved(
    _ frame: PageFrameNumber, _ order: Order
  ) throws(RestoreError) -> Ref<Zone> {
    guard order <= maximumOrder, frame.rawValue & (order.pageCount.rawValue &- 1) == 0,
      pages.contains(frame), pages.contains(frame + order.pageCount - PageCount(1)),
      let zone = zone(holding: frame),
      zone.pointee.range.end >= frame + order.pageCount
    else { throw .misplaced }
    var inside = frame
    while inside < frame + order.pageCount {
      guard pages[inside].pointee.flags.contains(.reserved) else { throw .misplaced }
      inside = inside + PageCount(1)
    }
    inside = frame
    while inside < frame + order.pageCount {
      pages[inside].pointee.flags = []
      inside = inside + PageCount(1)
    }
    return zone
  }
}

/// Why a recorded state cannot be put in place.
public enum RestoreError: Error, Hashable, Sendable {
  /// The block cannot be there, or something else is there already.
  case misplaced
}
