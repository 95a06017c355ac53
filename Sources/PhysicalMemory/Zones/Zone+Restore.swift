public import MemoryTypes

/// What a recording says of a zone that no formula gives. While nobody allocates.
extension Zone {
  /// Where the tuning of a processor's lists stands.
  public func restoreTuning(of processor: Int, _ tuning: PerCPUState) {
    perCPU[processor].pointee.withLock { lists in
      lists.high = tuning.high
      lists.allocationFactor = tuning.allocationFactor
      lists.freeCount = tuning.freeCount
      lists.lastFreeWasLarge = tuning.lastFreeWasLarge
    }
  }

  /// The same, now.
  public func tuning(of processor: Int) -> PerCPUState {
    perCPU[processor].pointee.withLock { lists in
      PerCPUState(
        high: lists.high, allocationFactor: lists.allocationFactor, freeCount: lists.freeCount,
        lastFreeWasLarge: lists.lastFreeWasLarge)
    }
  }

  /// What a processor has counted and not told: free frames, and those of contiguous areas.
  ///
  /// The counts that decisions see become the true ones less these.
  public func restoreLag(of processor: Int, free: Int, freeCMA: Int) {
    buddy.withLock { buddy in
      counters.fold(&lags[processor].pointee)
      counters.restoreLag(&lags[processor].pointee, free: free, freeCMA: freeCMA)
    }
  }

  /// Whether the zone counts as below its high mark. Linux: `ZONE_BELOW_HIGH`.
  public var isBelowHigh: Bool {
    get { counters.has(.belowHigh) }
    nonmutating set {
      if newValue { counters.set(.belowHigh) } else { counters.clear(.belowHigh) }
    }
  }

  /// Whether reclaim works in the zone, so that per-CPU lists stay short.
  /// Linux: `ZONE_RECLAIM_ACTIVE`.
  public var isReclaimed: Bool {
    get { counters.has(.reclaimActive) }
    nonmutating set {
      if newValue { counters.set(.reclaimActive) } else { counters.clear(.reclaimActive) }
    }
  }

  /// The frames on the free list of an order and type, head first: for comparing.
  public func forEachFree(
    of order: Order, _ type: MigrateType, _ body: (PageFrameNumber) -> Void
  ) {
    buddy.withLock { buddy in
      buddy.lists.forEachBlock(order, type) { body(buddy.pages.frame(of: $0)) }
    }
  }

  /// The frames on a processor's list, head first: for comparing.
  public func forEachPerCPU(
    list index: Int, processor: Int, _ body: (PageFrameNumber) -> Void
  ) {
    let pages = buddy.withLock { $0.pages }
    perCPU[processor].pointee.withLock { lists in
      lists.list(index).forEachElement { body(pages.frame(of: $0)) }
    }
  }

  /// Takes a block off a processor's list; false when it is not there. O(frames on the lists).
  func removePerCPU(_ block: Ref<Page>, _ order: Order, from processor: Int) -> Bool {
    let huge = buddy.withLock { $0.pageblocks.order }
    return perCPU[processor].pointee.withLock { lists in
      for index in 0..<PerCPULists.listCount
      where PerCPULists.order(of: index, huge: huge) == order {
        if lists.remove(block, index, order) { return true }
      }
      return false
    }
  }

  /// The frames on all lists of a processor.
  public func perCPUCount(of processor: Int) -> Int {
    perCPU[processor].pointee.withLock { $0.count }
  }
}

/// Where the tuning of a processor's lists stands.
public struct PerCPUState: Hashable, Sendable {
  /// Linux: `pcp->high`.
  public var high: Int
  /// Linux: `pcp->alloc_factor`.
  public var allocationFactor: UInt8
  /// Linux: `pcp->free_count`.
  public var freeCount: Int
  /// Linux: `PCPF_PREV_FREE_HIGH_ORDER`.
  public var lastFreeWasLarge: Bool

  public init(
    high: Int, allocationFactor: UInt8 = 0, freeCount: Int = 0, lastFreeWasLarge: Bool = false
  ) {
    self.high = high
    self.allocationFactor = allocationFactor
    self.freeCount = freeCount
    self.lastFreeWasLarge = lastFreeWasLarge
  }
}
