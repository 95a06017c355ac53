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
    let block = find(order, type, attempt)
    if block == nil { statistics.failures &+= 1 } else { statistics.allocations &+= 1 }
    return block
  }

  /// Takes a block past the per-CPU lists, from what is kept for large requests too if the attempt
  /// is such a request or may not wait. Linux: `rmqueue_buddy()`.
  @inline(__always)
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

  @inline(__always)
  private mutating func find(
    _ order: Order, _ type: MigrateType, _ attempt: AttemptFlags
  ) -> Ref<Page>? {
    let mayUseCMA = attempt.contains(.cma)
    if mayUseCMA, isCMAPlentiful, let block = takeSmallest(order, .cma) { return block }
    if let block = takeSmallest(order, type) { return block }
    if mayUseCMA, let block = takeSmallest(order, .cma) { return block }
    return takeFallback(order, type, attempt)
  }

  @inline(__always)
  private var isCMAPlentiful: Bool {
    zone.pointee.counters.visibleCMAPages > zone.pointee.counters.visibleFreePages / 2
  }
}
