internal import MemoryTypes

extension Buddy {
  /// Takes a block of another type, from the largest order down, so that the disorder is in as few
  /// pageblocks as can be. Linux: `__rmqueue_fallback()`.
  ///
  /// A movable request that cannot make the pageblock its own takes the smallest block instead:
  /// what it disturbs can be moved away. With `.noFragment` only whole pageblocks are taken.
  @inline(never)
  mutating func takeFallback(
    _ order: Order, _ type: MigrateType, _ attempt: AttemptFlags
  ) -> Ref<Page>? {
    guard let (first, second) = type.fallbacks else { return nil }
    let orders = ordersOf(first) | ordersOf(second)
    guard orders &>> UInt32(order.rawValue) != 0 else { return nil }
    let lowest = attempt.contains(.noFragment) ? max(order, pageblocks.order) : order
    var found = maximumOrder
    while found >= lowest {
      if let donor = donor(of: found, first, second) {
        let mayClaim = mayClaim(found, type)
        if !mayClaim && type == .movable && found > order { break }
        return takeOver(found, donor, order, type, mayClaim: mayClaim, attempt)
      }
      guard found > .zero else { return nil }
      found = found.previous
    }
    guard found > order, !attempt.contains(.noFragment) else { return nil }
    return takeSmallestFallback(order, type, first, second, attempt)
  }

  private mutating func takeSmallestFallback(
    _ order: Order, _ type: MigrateType, _ first: MigrateType, _ second: MigrateType,
    _ attempt: AttemptFlags
  ) -> Ref<Page>? {
    var found = order
    while found <= maximumOrder {
      if let donor = donor(of: found, first, second) {
        return takeOver(
          found, donor, order, type, mayClaim: mayClaim(found, type), attempt)
      }
      found = found.next
    }
    return nil
  }

  private func ordersOf(_ type: MigrateType) -> UInt32 {
    zone.pointee.counters.orders(of: type)
  }

  private func donor(
    of order: Order, _ first: MigrateType, _ second: MigrateType
  ) -> MigrateType? {
    let bit = UInt32(1) &<< UInt32(order.rawValue)
    if ordersOf(first) & bit != 0 { return first }
    return ordersOf(second) & bit != 0 ? second : nil
  }

  /// Whether a request of `type` that breaks a block of `order` may take the whole pageblock.
  ///
  /// What cannot move may always try, since it would spoil the pageblock for long.
  /// Linux: `can_steal_fallback()`.
  private func mayClaim(_ order: Order, _ type: MigrateType) -> Bool {
    order.rawValue >= pageblocks.order.rawValue / 2 || type != .movable || !groupsByMobility
  }

  /// Takes the first block of `found` and `donor`, with its pageblock if that is mostly free or of
  /// a like type. Linux: `steal_suitable_fallback()`.
  private mutating func takeOver(
    _ found: Order, _ donor: MigrateType, _ order: Order, _ type: MigrateType, mayClaim: Bool,
    _ attempt: AttemptFlags
  ) -> Ref<Page>? {
    let taken = takeDonated(found, donor, order, type, mayClaim: mayClaim, attempt)
    if let taken {
      trace?(.fallback, pages.frame(of: taken), order, type: type, from: donor, found)
    }
    return taken
  }

  private mutating func takeDonated(
    _ found: Order, _ donor: MigrateType, _ order: Order, _ type: MigrateType, mayClaim: Bool,
    _ attempt: AttemptFlags
  ) -> Ref<Page>? {
    guard let block = lists.first(found, donor) else { return nil }
    let frame = pages.frame(of: block)
    statistics.fallbacks &+= 1
    if found >= pageblocks.order {
      unlist(block, found, donor)
      count(-Int(bitPattern: found.pageCount.rawValue), donor)
      setType(of: FrameRange(frame, frame + found.pageCount), to: type)
      statistics.steals &+= 1
      split(block, from: found, to: order, type)
      count(Int(bitPattern: found.pageCount.rawValue &- order.pageCount.rawValue), type)
      return claim(block, order)
    }
    if boostWatermark() && attempt.contains(.wakesReclaim) {
      zone.pointee.counters.set(.boostedWatermark)
    }
    if mayClaim, let taken = claimPageblock(of: frame, donor, order, type) { return taken }
    unlist(block, found, donor)
    split(block, from: found, to: order, donor)
    count(-Int(bitPattern: order.pageCount.rawValue), donor)
    return claim(block, order)
  }

  /// Moves the free blocks of the pageblock to the lists of `type` if at least half of its frames
  /// are free or used alike, and takes a block from there.
  private mutating func claimPageblock(
    of frame: PageFrameNumber, _ donor: MigrateType, _ order: Order, _ type: MigrateType
  ) -> Ref<Page>? {
    let whole = pageblocks.block(of: frame)
    guard range.start <= whole.start, whole.end <= range.end else { return nil }
    let found = population(of: whole)
    let alike =
      if type == .movable {
        found.movable
      } else {
        // Unmovable and reclaimable differ too little to tell apart by looking.
        donor == .movable ? whole.count.rawValue &- found.free &- found.movable : 0
      }
    guard found.free + alike >= whole.count.rawValue / 2 || !groupsByMobility else { return nil }
    moveFreeBlocks(in: whole, from: donor, to: type)
    setType(of: whole, to: type)
    statistics.steals &+= 1
    return takeSmallest(order, type)
  }

  /// Gives every pageblock of the frames a type; without grouping all are unmovable.
  ///
  /// Linux: `set_pageblock_migratetype()`, `change_pageblock_range()`.
  func setType(of frames: FrameRange, to type: MigrateType) {
    let effective = !groupsByMobility && type.isOrdinary ? .unmovable : type
    var frame = frames.start
    while frame < frames.end {
      pageblocks[frame] = effective
      frame = frame + pageblocks.order.pageCount
    }
  }

  /// Raises the watermarks by a pageblock, at most to a part of the high one; says whether.
  ///
  /// Linux: `boost_watermark()`.
  private func boostWatermark() -> Bool {
    let zone = zone
    let pageblock = pageblocks.order.pageCount.rawValue
    let factor = zone.pointee.boostFactor
    guard factor > 0, pageblock * 4 <= zone.pointee.managedPages.rawValue else { return false }
    let ceiling = zone.pointee.watermarks.high.rawValue * factor / 10_000
    guard ceiling > 0 else { return false }
    let raised = zone.pointee.watermarkBoost.rawValue &+ pageblock
    zone.pointee.counters.setBoost(PageCount(min(raised, max(ceiling, pageblock))))
    return true
  }
}
