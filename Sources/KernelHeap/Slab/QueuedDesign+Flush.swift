internal import MemoryTypes
internal import PhysicalMemory

/// From users to slabs, and from slabs to the page allocator.
extension QueuedDesign {
  /// Linux: `cache_flusharray()`.
  @inline(never)
  func freeSlowly(_ object: UInt, in slab: Ref<Page>) {
    let array = self.array(source.index)
    let home = Int(slab.pointee.node)
    var surplus = array.pointee.withOwn(source) { () -> PageList in
      guard array.value().pointee.last != object else { SlabMisuse.trapFreedTwice() }
      let surplus =
        array.value().pointee.isFull ? flush(&array.value().pointee, home) : PageList()
      array.value().pointee.push(object)
      return surplus
    }
    giveBack(&surplus)
  }

  /// Makes room in a full array; the slabs that are not needed any more.
  ///
  /// Linux: `cache_flusharray()`.
  private func flush(_ array: inout ObjectArray, _ home: Int) -> PageList {
    let batch = min(state.pointee.plan.batch, array.count)
    return node(home).pointee.withLock { node -> PageList in
      let room = node.shared.limit - node.shared.count
      if room > 0 {
        let number = min(batch, room)
        for index in 0..<number { node.shared.push(array[index]) }
        array.removeFirst(number)
        return PageList()
      }
      return drain(&array, batch, &node)
    }
  }

  /// Puts the `number` objects freed first back into slabs of the node.
  ///
  /// Linux: `free_block()`.
  private func drain(
    _ array: inout ObjectArray, _ number: Int, _ node: inout QueuedNode
  ) -> PageList {
    for index in 0..<number { putBack(array[index], &node) }
    array.removeFirst(number)
    return surplus(of: &node, above: node.freeLimit)
  }

  private func putBack(_ object: UInt, _ node: inout QueuedNode) {
    guard let slab = slab(of: object) else { SlabMisuse.trapForeign() }
    let count = state.pointee.plan.count
    node.remove(slab, of: count)
    putObject(object, slab)
    node.freeObjects += 1
    node.insert(freed: slab)
  }

  /// Free slabs while more objects are free than `limit`.
  private func surplus(of node: inout QueuedNode, above limit: Int) -> PageList {
    var dead = PageList()
    while node.freeObjects > limit, let slab = node.free.popBack() {
      node.freeObjects -= state.pointee.plan.count
      dead.pushBack(slab)
    }
    return dead
  }

  /// Linux: `cache_free_alien()`.
  @inline(never)
  func freeAlien(_ object: UInt, in slab: Ref<Page>, from here: Int) {
    let home = Int(slab.pointee.node)
    var dead = aliens(of: here, for: home).pointee.withLock { aliens -> PageList in
      guard aliens.last != object else { SlabMisuse.trapFreedTwice() }
      let dead = aliens.isFull ? sendHome(&aliens, home) : PageList()
      aliens.push(object)
      return dead
    }
    giveBack(&dead)
  }

  /// Linux: `__drain_alien_cache()`.
  private func sendHome(_ aliens: inout ObjectArray, _ home: Int) -> PageList {
    node(home).pointee.withLock { node -> PageList in
      _ = node.shared.take(from: &aliens, atMost: aliens.limit)
      return drain(&aliens, aliens.count, &node)
    }
  }

  /// Slabs of the dead list back to the page allocator; without any lock.
  func giveBack(_ dead: inout PageList) {
    let plan = state.pointee.plan
    while let slab = dead.popFront() {
      if plan.management == .offSlab { giveList(slab.indexList) }
      slab.pointee.flags.remove(.slab)
      slab.pointee.privateData = 0
      slab.pointee.charge = 0
      core.pointee.pages.pointee.freePages(slab, order: plan.order)
    }
  }

  /// Linux: `__kmem_cache_shrink()`.
  func shrink() -> PageCount {
    for processor in 0..<core.pointee.processorCount { drainArray(processor) { $0.count } }
    for index in 0..<nodeCount {
      for other in 0..<nodeCount { drainAliens(of: index, for: other) }
    }
    var pages = PageCount.zero
    for index in 0..<nodeCount {
      var dead = node(index).pointee.withLock { node -> PageList in
        drainShared(&node) { $0.count }
        return surplus(of: &node, above: -1)
      }
      pages += PageCount(UInt(dead.count) * state.pointee.plan.order.pageCount.rawValue)
      giveBack(&dead)
    }
    return pages
  }

  /// What the timer of a processor does every other second: a fifth of what lay idle goes back.
  ///
  /// Linux: `cache_reap()`.
  func reap(_ processor: Int) {
    let home = nodeIndex(of: processor)
    for other in 0..<nodeCount { drainAliens(of: home, for: other) }
    drainArray(processor, Self.idlePart)
    let count = state.pointee.plan.count
    var dead = node(home).pointee.withLock { node -> PageList in
      drainShared(&node, Self.idlePart)
      guard !node.isFreeTouched else {
        node.isFreeTouched = false
        return PageList()
      }
      var dead = PageList()
      let most = (node.freeLimit + 5 * count - 1) / (5 * count)
      while dead.count < most, let slab = node.free.popBack() {
        node.freeObjects -= count
        dead.pushBack(slab)
      }
      return dead
    }
    giveBack(&dead)
  }

  /// Linux: `drain_array_locked()`.
  private static func idlePart(_ array: inout ObjectArray) -> Int {
    guard array.count > 0 else { return 0 }
    guard !array.isTouched else {
      array.isTouched = false
      return 0
    }
    let part = (array.limit + 4) / 5
    return part > array.count ? (array.count + 1) / 2 : part
  }

  private func drainArray(_ processor: Int, _ part: (inout ObjectArray) -> Int) {
    let array = self.array(processor)
    array.pointee.withOthers(source) {
      let number = part(&array.value().pointee)
      for index in 0..<number { putHome(array.value().pointee[index]) }
      array.value().pointee.removeFirst(number)
    }
  }

  private func drainAliens(of index: Int, for other: Int) {
    aliens(of: index, for: other).pointee.withLock { aliens in
      while let object = aliens.popLast() { putHome(object) }
    }
  }

  /// Into its slab, on whichever node: a processor may have objects of others too.
  private func putHome(_ object: UInt) {
    guard let slab = slab(of: object) else { SlabMisuse.trapForeign() }
    node(Int(slab.pointee.node)).pointee.withLock { putBack(object, &$0) }
  }

  private func drainShared(_ node: inout QueuedNode, _ part: (inout ObjectArray) -> Int) {
    let number = part(&node.shared)
    for index in 0..<number { putBack(node.shared[index], &node) }
    node.shared.removeFirst(number)
  }

  func slab(of object: UInt) -> Ref<Page>? {
    // SAFETY: only the address is looked at.
    let pointer = unsafe UnsafeRawPointer(bitPattern: object).unsafelyUnwrapped
    return unsafe core.pointee.pages.pointee.headPage(of: pointer)
  }
}
