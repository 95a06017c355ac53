public import MemoryTypes

// The way that nearly every request goes: the first zone of its list is well above its high mark,
// and nothing was out of the ordinary there lately. One function for each kind of lists, so that
// each has registers enough.
extension PageAllocator {
  /// A block for a request of any kind; nil instead of an error.
  @usableFromInline
  func find(_ order: Order, _ flags: AllocationFlags) -> Ref<Page>? {
    isOnPerCPULists(order) ? findPerCPU(order, flags) : findInLists(order, flags)
  }

  /// From the lists of this processor, or else from the zone's.
  @inline(never)
  private func findPerCPU(_ order: Order, _ flags: AllocationFlags) -> Ref<Page>? {
    let processor = processors.index
    let way = ways[processor, flags]
    guard let zone = quickZone(order, flags, way),
      order == .zero || zone.pointee.counters.hasOrdinary(order)
    else { return findCarefully(order, flags) }
    let type = way.pointee.type
    let attempt = way.pointee.attempt(flags)
    guard let page = take(order, type, attempt, from: zone, on: processor) else {
      return findCarefully(order, flags, after: zone)
    }
    if !zone.pointee.counters.isCalm { reactToBoost(of: zone, flags) }
    return prepare(page, order, flags)
  }

  /// Past the lists of this processor.
  @inline(never)
  private func findInLists(_ order: Order, _ flags: AllocationFlags) -> Ref<Page>? {
    let processor = processors.index
    let way = ways[processor, flags]
    guard let zone = quickZone(order, flags, way) else { return findCarefully(order, flags) }
    let type = way.pointee.type
    let base = way.pointee.base
    let page = zone.pointee.withFreeLists(on: processor) { buddy -> Ref<Page>? in
      guard let block = buddy.takeOwn(order, type, base) else { return nil }
      block.pointee.flags = buddy.hasZeros(block, order) ? .zeroFilled : []
      return block
    }
    guard let page else { return findCarefully(order, flags) }
    return prepare(page, order, flags)
  }

  /// The first zone of the list when one look shows that it can spare a block.
  @inline(__always)
  private func quickZone(
    _ order: Order, _ flags: AllocationFlags, _ way: Ref<AllocationWay>
  ) -> Ref<Zone>? {
    guard let zone = way.pointee.zone, flags.isDisjoint(with: .neverQuick), !faults.isArmed,
      zone.pointee.allowsQuickly(order, above: way.pointee.limit)
    else { return nil }
    return zone
  }
}
