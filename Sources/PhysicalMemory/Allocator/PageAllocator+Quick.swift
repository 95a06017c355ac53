public import MemoryTypes

// The way that nearly every request goes: the first zone of its list is well above its high mark,
// and nothing was out of the ordinary there lately. One function for each kind of lists, which
// calls no other but to end in it: so none of them keeps anything for after a call.
extension PageAllocator {
  /// A block for a request of any kind; nil instead of an error.
  @usableFromInline
  func find(_ order: Order, _ flags: AllocationFlags) -> Ref<Page>? {
    processors.isAlwaysFirst ? find(order, flags, 0) : findOnSome(order, flags)
  }

  @inline(never)
  private func findOnSome(_ order: Order, _ flags: AllocationFlags) -> Ref<Page>? {
    find(order, flags, processors.index)
  }

  @inline(__always)
  private func find(
    _ order: Order, _ flags: AllocationFlags, _ processor: Int
  ) -> Ref<Page>? {
    isOnPerCPULists(order)
      ? findPerCPU(order, flags, processor) : findInLists(order, flags, processor)
  }

  /// From the lists of this processor, or else from the zone's.
  @inline(never)
  private func findPerCPU(
    _ order: Order, _ flags: AllocationFlags, _ processor: Int
  ) -> Ref<Page>? {
    let way = ways[processor, flags]
    guard let zone = quickZone(order, flags, way),
      order == .zero || zone.pointee.counters.hasOrdinary(order)
    else { return findCarefully(order, flags) }
    guard let page = zone.pointee.popQuickly(order, way.pointee.type, on: processor) else {
      return findAfterRefill(order, flags, processor, way, zone)
    }
    return prepare(page, order, flags)
  }

  /// The same where the list of this processor is empty, or in use.
  @inline(never)
  private func findAfterRefill(
    _ order: Order, _ flags: AllocationFlags, _ processor: Int, _ way: Ref<AllocationWay>,
    _ zone: Ref<Zone>
  ) -> Ref<Page>? {
    let attempt = way.pointee.attempt(flags)
    guard let page = take(order, way.pointee.type, attempt, from: zone, on: processor) else {
      return findCarefully(order, flags, after: zone)
    }
    if !zone.pointee.counters.isCalm { reactToBoost(of: zone, flags) }
    return prepare(page, order, flags)
  }

  /// Past the lists of this processor, where the list of the order itself has a block and nobody
  /// asks for its contents.
  @inline(never)
  private func findInLists(
    _ order: Order, _ flags: AllocationFlags, _ processor: Int
  ) -> Ref<Page>? {
    let way = ways[processor, flags]
    guard let zone = quickZone(order, flags, way) else { return findCarefully(order, flags) }
    guard !touchesFrames, flags.isDisjoint(with: [.zeroed, .compound]),
      zone.pointee.mayTakeFirst(order, way.pointee.type, way.pointee.base),
      let page = zone.pointee.takeFirst(order, way.pointee.type, on: processor)
    else { return findSmallest(order, flags, processor, way, zone) }
    page.pointee.references = 1
    page.pointee.flags = []
    return page
  }

  /// The same where a larger block may have to be split.
  @inline(never)
  private func findSmallest(
    _ order: Order, _ flags: AllocationFlags, _ processor: Int, _ way: Ref<AllocationWay>,
    _ zone: Ref<Zone>
  ) -> Ref<Page>? {
    guard
      let page = zone.pointee.takeSmallest(
        order, way.pointee.type, way.pointee.base, on: processor)
    else { return findCarefully(order, flags) }
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
