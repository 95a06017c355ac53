public import MemoryTypes

// For a replay of a recording that does not say who has which frame: its snapshots list free
// blocks, and whatever they do not list is somebody's, in blocks nobody knows.
extension PageAllocator {
  /// Rebuilds the zonelists and all marks for zones that manage so many frames, of which the
  /// recording lists only those that are free.
  public func restoreManaged(_ managed: (Int) -> PageCount) {
    for index in zones.indices {
      let counted = zones[index].pointee.managedPages
      zones[index].pointee.counters.countManaged(
        Int(bitPattern: managed(index).rawValue) - Int(bitPattern: counted.rawValue))
    }
    setUp()
  }

  /// Whether the frame is the first of a block of `order` that somebody has.
  public func isOwned(_ frame: PageFrameNumber, _ order: Order) -> Bool {
    guard pages.contains(frame) else { return false }
    let page = pages[frame]
    return page.pointee.isAllocated(order)
      && page.pointee.flags.isDisjoint(with: [.perCPU, .reserved])
  }

  /// Makes the frames, which must be of one zone, somebody's block of `order`, whatever they were.
  ///
  /// Free blocks that hold some of them leave their lists; what else a per-CPU list had in one
  /// block with them is lost to everybody. O(frames + blocks of a list).
  public func restoreOwned(_ frame: PageFrameNumber, _ order: Order) {
    guard pages.contains(frame), pages.contains(frame + order.pageCount - PageCount(1)),
      let zone = zone(holding: frame), restoreTaken(frame, order) == nil
    else { return }
    var inside = frame
    while inside < frame + order.pageCount {
      dislodge(inside, zone)
      pages[inside].pointee.flags = []
      pages[inside].pointee.standing = .inside
      inside = inside + PageCount(1)
    }
    pages[frame].pointee.become(.allocated, order, in: zone)
    pages[frame].pointee.references = 1
  }

  /// Takes the listed block that holds the frame, if there is one.
  private func dislodge(_ frame: PageFrameNumber, _ zone: Ref<Zone>) {
    if restoreTaken(frame, .zero) != nil { return }
    var order = Order.zero.next
    while order <= maximumOrder {
      let start = PageFrameNumber(frame.rawValue & ~(order.pageCount.rawValue &- 1))
      if zone.pointee.range.contains(start), pages[start].pointee.flags.contains(.perCPU),
        pages[start].pointee.order == order, restoreTaken(start, order) != nil
      {
        return
      }
      order = order.next
    }
  }

  /// Empties a processor's lists of one zone into its free lists. Linux: `drain_pages_zone()`.
  public func drainPerCPULists(of processor: Int, in zone: Ref<Zone>) {
    zone.pointee.drain(processor)
  }

  /// The zone that manages `frame`; nil for a frame in none. O(zones).
  public func managingZone(of frame: PageFrameNumber) -> Ref<Zone>? {
    for zone in zones
    where zone.pointee.range.contains(frame) && zone.pointee.managedPages > .zero {
      return zone
    }
    return nil
  }
}

extension Zone {
  /// Does `body` while the lists of `processor` are in use, as an interrupt finds them that came when
  /// they were: what it requests and frees goes past them.
  public func whileListsAreBusy(of processor: Int, _ body: () -> Void) {
    perCPU[processor].pointee.withLock { _ in body() }
  }

  /// How many blocks of `order` an empty list would be filled with if the batch had been doubled
  /// `factor` times. Nothing changes.
  public func refillCount(_ order: Order, factor: UInt8, on processor: Int) -> Int {
    perCPU[processor].pointee.withLock { lists in
      var copy = lists
      copy.allocationFactor = factor
      return copy.refillCount(order, tuning)
    }
  }
}
