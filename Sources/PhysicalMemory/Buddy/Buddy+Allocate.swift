internal import MemoryTypes

extension Buddy {
  /// Takes a block for a request of `type`; nil when no list that it may use has one.
  ///
  /// While contiguous areas hold more than half of the free frames, what may move goes there, so
  /// that both kinds of memory run out together. Linux: `__rmqueue()`.
  @inline(__always)
  mutating func take(
    _ order: Order, _ type: MigrateType, _ attempt: AttemptFlags
  ) -> Ref<Page>? {
    if !attempt.contains(.cma) || !zone.pointee.counters.isCMAPlentiful,
      let block = takeSmallest(order, type)
    {
      statistics.allocations &+= 1
      return block
    }
    return takeElsewhere(order, type, attempt)
  }

  /// Takes a block past the per-CPU lists, from what is kept for large requests too if the attempt
  /// is such a request or may not wait. Linux: `rmqueue_buddy()`.
  @inline(never)
  mutating func takeWithReserves(
    _ order: Order, _ type: MigrateType, _ attempt: AttemptFlags
  ) -> Ref<Page>? {
    if attempt.contains(.highAtomic), let block = takeSmallest(order, .highAtomic) {
      statistics.allocations &+= 1
      return block
    }
    if let block = take(order, type, attempt) { return block }
    guard !attempt.isDisjoint(with: [.outOfMemory, .nonBlocking]) else { return nil }
    return takeSmallest(order, .highAtomic)
  }

  /// What `take(_:_:_:)` does when the own lists do not come first, or have nothing.
  @inline(never)
  private mutating func takeElsewhere(
    _ order: Order, _ type: MigrateType, _ attempt: AttemptFlags
  ) -> Ref<Page>? {
    let block =
      takeFromCMA(order, attempt) ?? takeSmallest(order, type)
      ?? takeFallback(order, type, attempt)
    if block == nil { statistics.failures &+= 1 } else { statistics.allocations &+= 1 }
    return block
  }

  private mutating func takeFromCMA(_ order: Order, _ attempt: AttemptFlags) -> Ref<Page>? {
    attempt.contains(.cma) ? takeSmallest(order, .cma) : nil
  }
}
