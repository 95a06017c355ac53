internal import MemoryTypes

extension PageAllocator {
  /// The whole way of a request: the fault plan, all zones, then the policy of the slow path.
  @inline(never)
  func findCarefully(
    _ order: Order, _ flags: AllocationFlags, _ policy: NodePolicy = .local,
    after failed: Ref<Zone>? = nil
  ) -> Ref<Page>? {
    let isFaulty = !flags.contains(.noFail) && faults.shouldFail()
    let request = request(order, flags, policy)
    guard !isFaulty, order <= maximumOrder else { return nil }
    // Dirty frames are spread as long as that costs nothing.
    let spreading: AttemptFlags = flags.contains(.willBeDirty) ? .spreadsDirty : []
    let page =
      take(request, request.firstAttempt.union(spreading), after: failed) ?? findSlowly(request)
    return page.map { prepare($0, order, flags) }
  }

  /// The policy when no zone can spare a block above the low mark: wake the background reclaim, go
  /// down to the minimum, then ask for compaction, reclaim and at last a victim, as the flags say.
  ///
  /// Linux: `__alloc_pages_slowpath()`.
  private func findSlowly(_ request: PageRequest) -> Ref<Page>? {
    let attempt = slowAttempt(request)
    if attempt.contains(.wakesReclaim) { wakeReclaim(request.order, request.flags) }
    let page =
      take(request, attempt.subtracting(.noWatermarks)) ?? takeFromReserves(request, attempt)
      ?? takeWithRelief(request, attempt)
    guard page == nil, request.flags.contains(.noFail) else { return page }
    return takeForEver(request, attempt)
  }

  /// Down to the minimum, and below it for those that cannot wait. Linux: `gfp_to_alloc_flags()`.
  private func slowAttempt(_ request: PageRequest) -> AttemptFlags {
    var attempt = request.firstAttempt.subtracting([.low, .noFragment])
    if request.flags.contains(.highPriority) { attempt.insert(.minReserve) }
    if !request.flags.contains(.directReclaim), !request.flags.contains(.noReserves) {
      attempt.insert(.nonBlocking)
      if request.order > .zero, request.flags.contains(.highPriority) {
        attempt.insert(.highAtomic)
      }
    }
    if request.flags.contains(.useReserves), !request.flags.contains(.noReserves) {
      attempt.insert(.noWatermarks)
    }
    return attempt
  }

  /// The last frames, for those that free memory soon; other zones have been asked before.
  private func takeFromReserves(_ request: PageRequest, _ attempt: AttemptFlags) -> Ref<Page>? {
    attempt.contains(.noWatermarks) ? take(request, attempt) : nil
  }

  /// Asks for relief until there is a block, or no sense in going on. Nil without anyone to ask.
  private func takeWithRelief(_ request: PageRequest, _ attempt: AttemptFlags) -> Ref<Page>? {
    guard request.flags.contains(.directReclaim), !request.flags.contains(.useReserves),
      relief != nil
    else { return nil }
    if prefersCompaction(request), let page = compact(request, attempt) { return page }
    if isCostly(request.order) && request.flags.contains(.noRetry) { return nil }
    var vain = 0
    while true {
      let isProgress = ask(.reclaim, request)
      if let page = take(request, attempt) ?? takeFromHoards(request, attempt) { return page }
      if request.order > .zero, let page = compact(request, attempt) { return page }
      guard mayRetry(request) else { return nil }
      vain = isProgress && !isCostly(request.order) ? 0 : vain + 1
      // Reclaim that finds something but never enough must end too. Linux: MAX_RECLAIM_RETRIES.
      guard !isProgress || vain > 16 else { continue }
      if releaseHighAtomic(for: request, sparingLast: false) { continue }
      // Someone else may have made room: what is above the high mark is there for all.
      if let page = take(request, .high) { return page }
      guard mayKill(request), ask(.kill, request) else { return nil }
      vain = 0
    }
  }

  /// Takes what was kept for large requests and what processors keep at hand, before more is asked
  /// of anyone. Linux: the retry in `__alloc_pages_direct_reclaim()`.
  private func takeFromHoards(_ request: PageRequest, _ attempt: AttemptFlags) -> Ref<Page>? {
    _ = releaseHighAtomic(for: request, sparingLast: true)
    drainPerCPULists()
    return take(request, attempt)
  }

  /// Large blocks are better made by moving pages than by freeing many; so are small ones that
  /// would spoil a pageblock.
  private func prefersCompaction(_ request: PageRequest) -> Bool {
    isCostly(request.order) || (request.order > .zero && request.type != .movable)
  }

  private func compact(_ request: PageRequest, _ attempt: AttemptFlags) -> Ref<Page>? {
    guard ask(.compaction, request) else { return nil }
    slowPath.count(.compactionStall)
    let page = take(request, attempt)
    slowPath.count(page == nil ? .compactionFailure : .compactionSuccess)
    return page
  }

  /// Whether another round may help. Linux: the rules before `should_reclaim_retry()`.
  private func mayRetry(_ request: PageRequest) -> Bool {
    guard !request.flags.contains(.noRetry) else { return false }
    return !isCostly(request.order) || request.flags.contains(.retryMayFail)
  }

  /// Whether a process may be killed for the request. Linux: `__alloc_pages_may_oom()`.
  private func mayKill(_ request: PageRequest) -> Bool {
    !isCostly(request.order) && request.highest >= .normal
      && request.flags.isDisjoint(with: [.retryMayFail, .thisNode])
      && !request.flags.isDisjoint(with: [.mayUseFileSystems, .noFail])
  }

  /// For who must not fail: the reserves, and relief again and again.
  private func takeForEver(_ request: PageRequest, _ attempt: AttemptFlags) -> Ref<Page> {
    while true {
      if let page = take(request, attempt.union([.minReserve, .nonBlocking])) { return page }
      if let page = take(request, attempt.union(.noWatermarks)) { return page }
      let hasProgress = ask(.reclaim, request) || ask(.kill, request)
      guard hasProgress else {
        fatalError("an allocation that must not fail found no memory and no relief")
      }
    }
  }

  /// Orders that are seldom had without effort. Linux: `PAGE_ALLOC_COSTLY_ORDER`.
  private func isCostly(_ order: Order) -> Bool { order > PerCPULists.largestOrder }

  private func ask(_ need: Relief.Need, _ request: PageRequest) -> Bool {
    guard let relief else { return false }
    if need == .reclaim { slowPath.count(.stall(request.highest)) }
    let hasHelped = relief(need, request.order, request.flags)
    if need == .kill, hasHelped { slowPath.count(.kill) }
    return hasHelped
  }

  func wakeReclaim(_ order: Order, _ flags: AllocationFlags) {
    if let relief { _ = relief(.background, order, flags) }
  }
}
