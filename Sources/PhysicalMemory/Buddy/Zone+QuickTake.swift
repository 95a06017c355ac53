internal import MemoryTypes

// The time under the lock decides how many blocks a machine can hand out, and each taker of the
// lock waits for the stores of the one before. So what is known without the lock comes first.
extension Zone {
  /// Whether the list of `order` and `type` had a block a moment ago, and no other list was to come
  /// first; asked without the lock.
  @inline(__always)
  func mayTakeFirst(_ order: Order, _ type: MigrateType, _ base: AttemptFlags) -> Bool {
    guard !base.contains(.cma) || !counters.isCMAPlentiful else { return false }
    return counters.orders(of: type) &>> UInt32(order.rawValue) & 1 != 0
  }

  /// The first block of the list of `order` and an ordinary type; nil when it has none, and when the
  /// lock is not free.
  @inline(__always)
  func takeFirst(_ order: Order, _ type: MigrateType, on processor: Int) -> Ref<Page>? {
    let list = lists.list(order, type)
    let lag = lags.lag(ofKnown: processor)
    let size = order.pageCount.rawValue
    let bit = UInt32(truncatingIfNeeded: size)
    let taken = buddy.withLockIfAvailable { buddy -> Ref<Page>? in
      let orders = counters.orders(of: type)
      guard orders & bit != 0 else { return nil }
      counters.countFree(0 &- Int(bitPattern: size), &lag.pointee)
      buddy.statistics.allocations &+= 1
      let block = list.unsafeFirst
      if list.remove(block) { counters.setOrders(orders & ~bit, of: type) }
      return buddy.claim(block, order)
    }
    return taken ?? nil
  }

  /// The smallest block of an ordinary type; nil when it has none or another list comes first.
  @inline(__always)
  func takeSmallest(
    _ order: Order, _ type: MigrateType, _ base: AttemptFlags, on processor: Int
  ) -> Ref<Page>? {
    withFreeLists(on: processor) { buddy -> Ref<Page>? in
      guard !base.contains(.cma) || !counters.isCMAPlentiful,
        let block = buddy.takeSmallest(order, type)
      else { return nil }
      buddy.statistics.allocations &+= 1
      block.pointee.flags = buddy.hasZeros(block, order) ? .zeroFilled : []
      return block
    }
  }
}
