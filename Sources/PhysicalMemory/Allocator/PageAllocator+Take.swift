internal import MemoryTypes

extension PageAllocator {
  /// A block from the first zone of the list that can spare it; nil when none can.
  ///
  /// Where whole pageblocks of another type would be needed, a second pass mixes types.
  /// Linux: `get_page_from_freelist()`.
  ///
  /// - Parameter failed: A zone that the first pass has tried already, in vain.
  func take(
    _ request: PageRequest, _ attempt: AttemptFlags, after failed: Ref<Zone>? = nil
  ) -> Ref<Page>? {
    if let page = pass(request, attempt, after: failed) { return page }
    guard attempt.contains(.noFragment) else { return nil }
    return pass(request, attempt.subtracting(.noFragment), after: nil)
  }

  private func pass(
    _ request: PageRequest, _ attempt: AttemptFlags, after failed: Ref<Zone>?
  ) -> Ref<Page>? {
    var near: UInt8?
    var dirty = DirtyNode()
    for position in 0..<zonelists.count(of: request.node) {
      let zone = zones[zonelists.zone(position, of: request.node)]
      let node = zone.pointee.node
      guard zone.pointee.kind <= request.highest, request.allowed >> UInt64(node) & 1 != 0 else {
        continue
      }
      near = near ?? node
      if attempt.contains(.spreadsDirty), dirty.isDirty(node, of: self) { continue }
      // Near memory with mixed types is better than far memory without.
      if attempt.contains(.noFragment), node != near { return nil }
      guard zone != failed, canSpare(zone, request, attempt) else { continue }
      if let page = take(from: zone, request, attempt) { return page }
    }
    return nil
  }

  /// The answer for the node that was looked at last: a node has several zones.
  private struct DirtyNode {
    private var last: (node: UInt8, isDirty: Bool)?

    mutating func isDirty(_ node: UInt8, of allocator: borrowing PageAllocator) -> Bool {
      if let last, last.node == node { return last.isDirty }
      let isDirty = !allocator.mayDirty(node: Int(node))
      last = (node, isDirty)
      return isDirty
    }
  }

  /// Whether the zone stays above the mark. What is above the high one needs no closer look; what
  /// falls below it keeps the per-CPU lists short from then on.
  private func canSpare(
    _ zone: Ref<Zone>, _ request: PageRequest, _ attempt: AttemptFlags
  ) -> Bool {
    if !zone.pointee.counters.has(.belowHigh) {
      let high = zone.pointee.mark(for: .high)
      if zone.pointee.allows(request.order, above: high, highest: request.highest, attempt) {
        return true
      }
      zone.pointee.counters.set(.belowHigh)
    }
    let mark = zone.pointee.mark(for: attempt)
    return zone.pointee.allows(request.order, above: mark, highest: request.highest, attempt)
      || attempt.contains(.noWatermarks)
  }

  private func take(
    from zone: Ref<Zone>, _ request: PageRequest, _ attempt: AttemptFlags
  ) -> Ref<Page>? {
    let processor = processors.index
    guard let page = take(request.order, request.type, attempt, from: zone, on: processor) else {
      return nil
    }
    reactToBoost(of: zone, request.flags)
    // The next such request shall find the pageblock.
    if attempt.contains(.highAtomic) { reserveHighAtomic(page, request.order, zone) }
    return page
  }

  /// Wakes the background reclaim when types were mixed: it makes room before that goes on.
  @inline(never)
  func reactToBoost(of zone: Ref<Zone>, _ flags: AllocationFlags) {
    guard flags.contains(.wakesReclaim), zone.pointee.counters.has(.boostedWatermark) else {
      return
    }
    zone.pointee.counters.clear(.boostedWatermark)
    wakeReclaim(.zero, flags)
  }

  /// Linux: `rmqueue()`.
  @inline(__always)
  func take(
    _ order: Order, _ type: MigrateType, _ attempt: AttemptFlags, from zone: Ref<Zone>,
    on processor: Int
  ) -> Ref<Page>? {
    if isOnPerCPULists(order),
      let page = zone.pointee.takePerCPU(order, type, attempt, on: processor)
    {
      return page
    }
    return zone.pointee.takeFromLists(order, type, attempt, on: processor)
  }
}

extension Zone {
  /// Linux: `rmqueue_buddy()`.
  @inline(__always)
  func takeFromLists(
    _ order: Order, _ type: MigrateType, _ attempt: AttemptFlags, on processor: Int
  ) -> Ref<Page>? {
    withFreeLists(on: processor) { buddy -> Ref<Page>? in
      guard let block = buddy.takeWithReserves(order, type, attempt) else { return nil }
      block.pointee.flags = buddy.hasZeros(block, order) ? .zeroFilled : []
      return block
    }
  }
}
