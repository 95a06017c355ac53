internal import MemoryTypes

extension PageAllocator {
  /// A block from the first zone of the list that can spare it; nil when none can.
  ///
  /// Where whole pageblocks of another type would be needed, a second pass mixes types.
  /// Linux: `get_page_from_freelist()`.
  @inline(__always)
  func take(_ request: PageRequest, _ attempt: AttemptFlags) -> Ref<Page>? {
    if let page = pass(request, attempt) { return page }
    guard attempt.contains(.noFragment) else { return nil }
    return pass(request, attempt.subtracting(.noFragment))
  }

  @inline(__always)
  private func pass(_ request: PageRequest, _ attempt: AttemptFlags) -> Ref<Page>? {
    var near: UInt8?
    for position in 0..<zonelists.count(of: request.node) {
      let zone = zones[zonelists.zone(position, of: request.node)]
      guard zone.pointee.kind <= request.highest,
        request.allowed >> UInt64(zone.pointee.node) & 1 != 0
      else { continue }
      if attempt.contains(.noFragment) {
        // Near memory with mixed types is better than far memory without.
        guard near == nil || near == zone.pointee.node else { return nil }
        near = zone.pointee.node
      }
      guard canSpare(zone, request, attempt) else { continue }
      if let page = take(from: zone, request, attempt) { return page }
    }
    return nil
  }

  /// Whether the zone stays above the mark. What is above the high one needs no closer look; what
  /// falls below it keeps the per-CPU lists short from then on.
  @inline(__always)
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

  /// Linux: `rmqueue()`.
  @inline(__always)
  private func take(
    from zone: Ref<Zone>, _ request: PageRequest, _ attempt: AttemptFlags
  ) -> Ref<Page>? {
    let processor = processors.index
    if isOnPerCPULists(request.order),
      let page = zone.pointee.takePerCPU(request.order, request.type, attempt, on: processor)
    {
      return taken(page, zone, request, attempt)
    }
    let found = zone.pointee.withFreeLists(on: processor) { buddy -> Ref<Page>? in
      guard let block = buddy.takeWithReserves(request.order, request.type, attempt) else {
        return nil
      }
      let isZero = !buddy.written.contains(buddy.pages.frame(of: block), request.order)
      block.pointee.flags = isZero ? .zeroFilled : []
      return block
    }
    guard let page = found else { return nil }
    return taken(page, zone, request, attempt)
  }

  /// What a block that was found leads to: reclaim is woken when types were mixed, and a large
  /// request that could not wait gets its pageblock kept for the next one.
  @inline(__always)
  private func taken(
    _ page: Ref<Page>, _ zone: Ref<Zone>, _ request: PageRequest, _ attempt: AttemptFlags
  ) -> Ref<Page> {
    if attempt.contains(.wakesReclaim), zone.pointee.counters.has(.boostedWatermark) {
      zone.pointee.counters.clear(.boostedWatermark)
      wakeReclaim(of: zone, .zero, request.flags)
    }
    if attempt.contains(.highAtomic) { reserveHighAtomic(page, request.order, zone) }
    return page
  }
}
