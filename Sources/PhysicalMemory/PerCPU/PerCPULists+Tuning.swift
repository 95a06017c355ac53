internal import MemoryTypes

/// What the sizes of batches follow from.
struct PerCPUTuning {
  /// The marks of the zone.
  var marks: PerCPUMarks
  /// The free count of the zone fell below its high mark.
  var isBelowHigh: Bool
  /// Reclaim works in the zone.
  var isReclaimed: Bool

  /// Neither of the two.
  @inline(__always)
  var isCalm: Bool { !isBelowHigh && !isReclaimed }

  @inline(__always)
  var batch: Int { Int(bitPattern: marks.batch.rawValue) }
  @inline(__always)
  var lowest: Int { Int(bitPattern: marks.highMinimum.rawValue) }
  @inline(__always)
  var highest: Int { Int(bitPattern: marks.highMaximum.rawValue) }
  /// Whether the high mark follows use. Linux: `percpu_pagelist_high_fraction` fixes it.
  @inline(__always)
  var isTuned: Bool { lowest != highest }

  /// How often a batch may be doubled. Linux: `CONFIG_PCP_BATCH_SCALE_MAX`.
  static var largestScale: UInt8 { 5 }

  /// Between the marks.
  @inline(__always)
  func clamp(_ high: Int) -> Int { Self.clamp(high, lowest, highest) }

  /// Between two limits; where they cross, the upper one for what reaches it, else the lower one.
  @inline(__always)
  static func clamp(_ value: Int, _ lower: Int, _ upper: Int) -> Int {
    value >= upper ? upper : max(value, lower)
  }
}

extension PerCPULists {
  /// How many blocks of `order` to fetch for an empty list, at least 1.
  ///
  /// A processor that only allocates fetches twice as much each time. Linux: `nr_pcp_alloc()`.
  mutating func refillCount(_ order: Order, _ tuning: PerCPUTuning) -> Int {
    high = tuning.clamp(high)
    guard high >= tuning.batch else { return 1 }
    var batch = order == .zero ? tuning.batch << Int(allocationFactor) : tuning.batch
    var ceiling = high
    if tuning.isTuned && !tuning.isBelowHigh {
      ceiling = min(high + batch, tuning.highest)
      high = ceiling
    }
    if order == .zero {
      let room = max(ceiling - count - tuning.batch, tuning.batch)
      if batch <= room && allocationFactor < PerCPUTuning.largestScale { allocationFactor += 1 }
      batch = min(batch, room)
    }
    return batch > 1 ? max(batch >> order.index, 2) : batch
  }

  /// Counts a freed frame where nothing has to go back for sure; false, and nothing done, else.
  @inline(__always)
  mutating func countFree(_ order: Order, _ tuning: PerCPUTuning) -> Bool {
    guard order == .zero, tuning.isCalm, count < high, high >= tuning.lowest,
      high <= tuning.highest
    else { return false }
    allocationFactor >>= 1
    lastFreeWasLarge = false
    if freeCount < tuning.batch << Int(PerCPUTuning.largestScale) { freeCount &+= 1 }
    return true
  }

  /// Counts a freed block of `order` and says how many frames must go back to the free lists.
  ///
  /// Linux: `free_unref_page_commit()`, after the block was put in its list.
  mutating func drainCount(_ order: Order, _ tuning: PerCPUTuning) -> Int {
    allocationFactor >>= 1
    let isBurst = isBurstOfLargeFrees(order, tuning)
    if freeCount < tuning.batch << Int(PerCPUTuning.largestScale) { freeCount += 1 << order.index }
    let limit = highMark(tuning, isBurst: isBurst)
    guard count >= limit else { return 0 }
    if isBurst { return min(count, tuning.batch << Int(PerCPUTuning.largestScale)) }
    guard limit >= tuning.batch else { return 1 }
    return PerCPUTuning.clamp(freeCount, tuning.batch, limit - tuning.batch)
  }

  /// Lowers the high mark by an eighth; how many frames must go back for it.
  ///
  /// Linux: `decay_pcp_high()`.
  mutating func decay(_ tuning: PerCPUTuning) -> Int {
    if high > tuning.lowest {
      let whole = tuning.batch << Int(PerCPUTuning.largestScale)
      high = max(count - whole, high - (high >> 3), tuning.lowest)
    }
    return max(0, count - high)
  }

  /// Whether large blocks are freed one after the other: kept here they would not merge.
  private mutating func isBurstOfLargeFrees(_ order: Order, _ tuning: PerCPUTuning) -> Bool {
    let isLarge = order > .zero && order <= PerCPULists.largestOrder
    defer { lastFreeWasLarge = isLarge }
    return isLarge && lastFreeWasLarge && freeCount >= tuning.batch
  }

  /// The count from which frames go back. Linux: `nr_pcp_high()`.
  private mutating func highMark(_ tuning: PerCPUTuning, isBurst: Bool) -> Int {
    high = tuning.clamp(high)
    guard high > 0 else { return 0 }
    if isBurst {
      high = max(high - (tuning.batch << Int(PerCPUTuning.largestScale)), tuning.lowest)
      return 0
    }
    let freed = max(freeCount, tuning.batch)
    if tuning.isReclaimed {
      high = max(high - freed, tuning.lowest)
      return min(tuning.batch << 2, high)
    }
    guard tuning.isTuned else { return high }
    if tuning.isBelowHigh {
      high = max(high - freed, tuning.lowest)
      return max(count, tuning.lowest)
    }
    let limit = high
    if count >= high, high < freeCount + tuning.batch {
      high = tuning.clamp(freeCount + tuning.batch)
    }
    return limit
  }
}
