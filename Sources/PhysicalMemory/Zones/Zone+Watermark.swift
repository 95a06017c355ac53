internal import MemoryTypes

extension Zone {
  /// The watermark that `attempt` must leave untouched, raised by the boost. Linux: `wmark_pages()`.
  @inline(__always)
  func mark(for attempt: AttemptFlags) -> PageCount {
    let base =
      attempt.contains(.low)
      ? watermarks.low : attempt.contains(.high) ? watermarks.high : watermarks.min
    return PageCount(base.rawValue &+ watermarkBoost.rawValue)
  }

  /// Whether a block of `order` can be taken with the free count staying above `mark`.
  ///
  /// One comparison answers for single frames, nearly always. Linux: `zone_watermark_fast()`.
  @inline(__always)
  func allows(
    _ order: Order, above mark: PageCount, highest: Zone.Kind, _ attempt: AttemptFlags
  ) -> Bool {
    if order == .zero {
      let usable = Int(bitPattern: counters.visibleFreePages) &- unusable(order, attempt)
      if usable > Int(bitPattern: mark.rawValue &+ reserve[highest].rawValue) { return true }
    }
    return allowsSlowly(order, mark, highest, attempt)
  }

  /// The same where one look is enough: true is right, false is not known.
  ///
  /// Nothing may be remembered of the zone that a request would have to react to. Whether it has a
  /// block at all shows when one is taken.
  ///
  /// - Parameter limit: The high mark and what the zone keeps back from the request.
  @inline(__always)
  func allowsQuickly(_ order: Order, above limit: PageCount) -> Bool {
    // One comparison: nothing to remember, and an order that has lists.
    guard counters.troubles | UInt32(order.rawValue &>> 4) == 0 else { return false }
    let least = limit.rawValue &+ counters.withheldPages &+ order.pageCount.rawValue
    return counters.visibleFreePages > least
  }

  @inline(never)
  private func allowsSlowly(
    _ order: Order, _ mark: PageCount, _ highest: Zone.Kind, _ attempt: AttemptFlags
  ) -> Bool {
    if isAbove(mark, order, highest: highest, attempt) { return true }
    // Single frames for those that may use the reserve are not held back by a boost.
    guard order == .zero, attempt.contains(.minReserve), watermarkBoost > .zero,
      attempt.isDisjoint(with: [.low, .high])
    else { return false }
    return isAbove(watermarks.min, order, highest: highest, attempt)
  }

  /// Whether the free count would stay above `mark` and a block of `order` exists.
  ///
  /// - Parameter highest: The index of the highest zone that could have served the request: what
  ///   is reserved from such requests counts as used.
  ///
  /// Linux: `__zone_watermark_ok()`.
  func isAbove(
    _ mark: PageCount, _ order: Order, highest: Zone.Kind, _ attempt: AttemptFlags
  ) -> Bool {
    let free = Int(bitPattern: counters.visibleFreePages) - unusable(order, attempt)
    let least = lowered(Int(bitPattern: mark.rawValue), attempt)
    guard free > least + Int(bitPattern: reserve[highest].rawValue) else { return false }
    guard order > .zero else { return true }
    return hasBlock(order, attempt)
  }

  /// Whether a free list that the attempt may use has a block of `order` or more.
  @inline(__always)
  private func hasBlock(_ order: Order, _ attempt: AttemptFlags) -> Bool {
    var orders = counters.ordinaryOrders
    if attempt.contains(.cma) { orders |= counters.orders(of: .cma) }
    if !attempt.isDisjoint(with: [.highAtomic, .outOfMemory]) {
      orders |= counters.orders(of: .highAtomic)
    }
    return orders >> UInt32(order.rawValue) != 0
  }

  /// How far below the mark an attempt may go that has a right to reserves.
  private func lowered(_ mark: Int, _ attempt: AttemptFlags) -> Int {
    var least = mark
    if attempt.contains(.minReserve) {
      least -= least / 2
      if attempt.contains(.nonBlocking) { least -= least / 4 }
    }
    if attempt.contains(.outOfMemory) { least -= least / 2 }
    return least
  }

  /// Free frames that the attempt cannot use: the rest of its own block, what is kept for others.
  @inline(__always)
  private func unusable(_ order: Order, _ attempt: AttemptFlags) -> Int {
    var sum = order.pageCount.rawValue &- 1
    if attempt.isDisjoint(with: .reserves) { sum &+= counters.freeHighAtomicPages }
    if !attempt.contains(.cma) { sum &+= counters.visibleCMAPages }
    return Int(bitPattern: sum)
  }
}
