internal import MemoryTypes

extension Zone {
  /// Takes a block from the lists of `processor`, filling them first if they have none.
  ///
  /// Nil when the lists are in use by an interrupted call, or the zone has no block.
  /// Linux: `rmqueue_pcplist()`.
  @inline(__always)
  func takePerCPU(
    _ order: Order, _ type: MigrateType, _ attempt: AttemptFlags, on processor: Int
  ) -> Ref<Page>? {
    let index = PerCPULists.index(order, type)
    let taken = perCPU[processor].pointee.withLockIfAvailable { lists -> Ref<Page>? in
      lists.freeCount >>= 1
      if let block = lists.popFront(index, order) { return block }
      refill(&lists, order, type, attempt, processor)
      return lists.popFront(index, order)
    }
    return taken ?? nil
  }

  /// The block that was freed last; nil, and nothing done, when the list is empty or in use.
  @inline(__always)
  func popQuickly(_ order: Order, _ type: MigrateType, on processor: Int) -> Ref<Page>? {
    let index = PerCPULists.index(order, type)
    let taken = perCPU[processor].pointee.withLockIfAvailable { lists -> Ref<Page>? in
      guard let block = lists.popFront(index, order) else { return nil }
      lists.freeCount >>= 1
      return block
    }
    return taken ?? nil
  }

  /// Puts a freed block on the lists of `processor`, and gives back what is too much there.
  ///
  /// False, and nothing done, when the lists are in use. Linux: `free_unref_page_commit()`.
  @inline(__always)
  static func giveToProcessor(
    _ block: Ref<Page>, _ order: Order, _ type: MigrateType, of zone: Ref<Zone>,
    _ processor: Int
  ) -> Bool {
    let index = PerCPULists.index(order, type)
    let slot = zone.pointee.perCPU[processor]
    // SAFETY: each way out of here frees the lock, and nothing uses the lists after it.
    guard let lists = unsafe slot.pointee.tryLock() else { return false }
    unsafe lists.pointee.pushFront(block, index, order)
    guard unsafe lists.pointee.countFree(order, zone.pointee.tuning) else {
      settleAndUnlock(order, index, zone, processor)
      return true
    }
    unsafe slot.pointee.unlock()
    return true
  }

  /// Ends a free after which the lists may be too long.
  @inline(never)
  private static func settleAndUnlock(
    _ order: Order, _ index: Int, _ zone: Ref<Zone>, _ processor: Int
  ) {
    let slot = zone.pointee.perCPU[processor]
    // SAFETY: the caller holds the lock.
    let lists = unsafe slot.pointee.lockedValue
    let surplus = unsafe lists.pointee.drainCount(order, zone.pointee.tuning)
    if surplus > 0 {
      unsafe zone.pointee.giveBack(&lists.pointee, surplus, first: index, processor)
    }
    unsafe slot.pointee.unlock()
  }

  /// Empties the lists of `processor` into the free lists. Linux: `drain_pages_zone()`.
  func drain(_ processor: Int) {
    perCPU[processor].pointee.withLock { lists in
      drain(&lists, lists.count, first: 0, processor)
    }
  }

  /// Shortens the lists of a processor that uses them less than it did, and tells what it counted.
  ///
  /// Once a second on each processor that was busy. Linux: `refresh_cpu_vm_stats()`,
  /// `decay_pcp_high()`.
  public func decayPerCPULists(of processor: Int) {
    perCPU[processor].pointee.withLock { lists in
      let surplus = lists.decay(tuning)
      if surplus > 0 { drain(&lists, surplus, first: 0, processor) }
    }
    withFreeLists(on: processor) { buddy in counters.fold(&buddy.lag.pointee) }
  }

  /// The free lists under their lock, for the work of `processor`.
  @inline(__always)
  func withFreeLists<Result>(
    on processor: Int, _ body: (inout sending Buddy) -> sending Result
  ) -> sending Result {
    buddy.withLock { buddy in
      buddy.lag = lags[processor]
      return body(&buddy)
    }
  }

  /// Fetches a batch of blocks for the tail of a list. Linux: `rmqueue_bulk()`.
  @inline(never)
  private func refill(
    _ lists: inout PerCPULists, _ order: Order, _ type: MigrateType, _ attempt: AttemptFlags,
    _ processor: Int
  ) {
    let index = PerCPULists.index(order, type)
    var missing = lists.refillCount(order, tuning)
    withFreeLists(on: processor) { buddy in
      while missing > 0, let block = buddy.take(order, type, attempt) {
        block.pointee.flags = buddy.hasZeros(block, order) ? [.perCPU, .zeroFilled] : .perCPU
        lists.pushBack(block, index, order)
        missing &-= 1
        buddy.trace?(.refilled, buddy.pages.frame(of: block), order, type: type)
      }
    }
  }

  private func giveBack(
    _ lists: inout PerCPULists, _ surplus: Int, first index: Int, _ processor: Int
  ) {
    drain(&lists, surplus, first: index, processor)
    guard counters.has(.belowHigh) else { return }
    if isAbove(mark(for: .high), .zero, highest: .movable, []) {
      counters.clear(.belowHigh)
    }
  }

  /// Gives at least `surplus` frames back, the longest unused first, list after list from the one
  /// that grew. Linux: `free_pcppages_bulk()`.
  private func drain(
    _ lists: inout PerCPULists, _ surplus: Int, first: Int, _ processor: Int
  ) {
    var left = min(surplus, lists.count)
    var index = first
    withFreeLists(on: processor) { buddy in
      while left > 0 {
        let order = PerCPULists.order(of: index, huge: buddy.pageblocks.order)
        while left > 0, let block = lists.popBack(index, order) {
          let frame = buddy.pages.frame(of: block)
          buddy.trace?(.drained, frame, order, type: buddy.pageblocks[frame])
          buddy.free(block, order)
          left &-= Int(bitPattern: order.pageCount.rawValue)
        }
        index = index &+ 1 == PerCPULists.listCount ? 0 : index &+ 1
      }
    }
  }

  @inline(__always)
  var tuning: PerCPUTuning {
    PerCPUTuning(
      marks: perCPUMarks, isBelowHigh: counters.has(.belowHigh),
      isReclaimed: counters.has(.reclaimActive))
  }
}
