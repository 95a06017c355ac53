internal import Machine
internal import MemoryTypes
internal import PhysicalMemory

/// From slabs to users.
extension QueuedDesign {
  /// Linux: `cache_alloc_refill()`, `fallback_alloc()`.
  @inline(never)
  func allocateSlowly(_ flags: AllocationFlags) throws(AllocationError) -> UInt {
    let processor = source.index
    let home = nodeIndex(of: processor)
    if let object = refill(processor, from: home) { return object }
    guard !state.pointee.hasOneNode else { return try takeFromNewSlab(flags, processor) }
    let light = flags.subtracting([.reclaim, .noFail]).union([.thisNode, .noWarning])
    if let object = try? takeFromNewSlab(light, processor) { return object }
    // The nearest first.
    var found: UInt?
    _ = core.pointee.pages.pointee.anyNode(from: home) { other in
      found = takeOne(from: other)
      return found != nil
    }
    if let found { return found }
    return try takeFromNewSlab(flags, processor)
  }

  /// Fills the processor's array from its node, and takes the last object; nil when it has none.
  private func refill(_ processor: Int, from index: Int) -> UInt? {
    let array = self.array(processor)
    return array.pointee.withOwn(source) { () -> UInt? in
      node(index).pointee.withLock { node in refill(&array.value().pointee, &node) }
      return takeLast(&array.value().pointee)
    }
  }

  private func takeLast(_ array: inout ObjectArray) -> UInt? {
    guard let object = array.popLast() else { return nil }
    array.isTouched = true
    return object
  }

  private func refill(_ array: inout ObjectArray, _ node: inout QueuedNode) {
    guard array.count == 0 else { return }
    let batch = batch(array)
    if array.take(from: &node.shared, atMost: batch) > 0 {
      node.shared.isTouched = true
      return
    }
    while array.count < batch, let slab = firstSlab(&node) {
      move(slab, to: &array, upTo: batch, &node)
    }
  }

  /// How many objects an array gets: few where the processor has not used it lately.
  private func batch(_ array: ObjectArray) -> Int {
    let batch = state.pointee.plan.batch
    return array.isTouched ? batch : min(batch, QueuedPlan.idleBatch)
  }

  /// Linux: `alloc_block()`.
  private func move(
    _ slab: Ref<Page>, to array: inout ObjectArray, upTo batch: Int, _ node: inout QueuedNode
  ) {
    let count = state.pointee.plan.count
    node.remove(slab, of: count)
    node.freeObjects -= count - slab.activeObjects
    while array.count < batch, let object = takeObject(slab) { array.push(object) }
    node.freeObjects += count - slab.activeObjects
    node.insert(taken: slab, of: count)
  }

  /// An object of a node that need not be the processor's; nil where none is free.
  ///
  /// Linux: `____cache_alloc_node()`.
  private func takeOne(from index: Int) -> UInt? {
    let count = state.pointee.plan.count
    return node(index).pointee.withLock { node -> UInt? in
      while let slab = firstSlab(&node) {
        node.remove(slab, of: count)
        node.freeObjects -= count - slab.activeObjects
        let object = takeObject(slab)
        node.freeObjects += count - slab.activeObjects
        node.insert(taken: slab, of: count)
        if let object { return object }
      }
      return nil
    }
  }

  /// Linux: `get_first_slab()`.
  private func firstSlab(_ node: inout QueuedNode) -> Ref<Page>? {
    if let slab = node.partial.first { return slab }
    node.isFreeTouched = true
    return node.free.first
  }

  /// The object whose number is next in the slab's list. Linux: `slab_get_obj()`.
  private func takeObject(_ slab: Ref<Page>) -> UInt? {
    let active = slab.activeObjects
    let plan = state.pointee.plan
    guard active < plan.count else { return nil }
    let number = index(slab, active)
    guard number < plan.count else {
      giveUp(slab)
      return nil
    }
    slab.activeObjects = active + 1
    // The last object is where the list stood.
    if active + 1 == plan.count && plan.management == .inObject { slab.indexList = 0 }
    return firstObject(of: slab) &+ UInt(number) &* plan.slotSize
  }

  /// Puts the number of an object back into its slab's list. Linux: `slab_put_obj()`.
  func putObject(_ object: UInt, _ slab: Ref<Page>) {
    guard let number = number(of: object, in: slab), slab.activeObjects > 0 else {
      SlabMisuse.trapFreedTwice()
    }
    if slab.indexList == 0 { slab.indexList = object }
    slab.activeObjects -= 1
    setIndex(slab, slab.activeObjects, number)
  }

  /// A slab of the processor's node fills its array, unless somebody did in the meantime.
  ///
  /// Linux: `cache_alloc_refill()`, `cache_grow_end()`.
  private func takeFromNewSlab(
    _ flags: AllocationFlags, _ processor: Int
  ) throws(AllocationError) -> UInt {
    while true {
      let slab = try makeSlab(flags)
      let home = Int(slab.pointee.node)
      guard home == nodeIndex(of: processor) else {
        list(slab)
        if let object = takeOne(from: home) { return object }
        continue
      }
      let array = self.array(processor)
      let object = array.pointee.withOwn(source) { () -> UInt? in
        fill(&array.value().pointee, from: slab)
        list(slab)
        return takeLast(&array.value().pointee)
      }
      if let object { return object }
    }
  }

  private func fill(_ array: inout ObjectArray, from slab: Ref<Page>) {
    guard array.count == 0 else { return }
    let batch = batch(array)
    while array.count < batch, let object = takeObject(slab) { array.push(object) }
  }

  private func list(_ slab: Ref<Page>) {
    let count = state.pointee.plan.count
    node(Int(slab.pointee.node)).pointee.withLock { $0.insert(new: slab, of: count) }
  }

  /// Linux: `cache_grow_begin()`.
  private func makeSlab(_ flags: AllocationFlags) throws(AllocationError) -> Ref<Page> {
    let plan = state.pointee.plan
    let pages = core.pointee.pages
    let wanted = flags.subtracting([.zeroed, .movable, .highMemory])
    var list: UInt = 0
    if plan.management == .offSlab { list = try takeList(wanted) }
    let slab: Ref<Page>
    do {
      slab = try pages.pointee.allocatePages(
        order: plan.order, flags: wanted.union(core.pointee.flags.ofPages))
    } catch {
      if list != 0 { giveList(list) }
      throw error
    }
    format(slab, list)
    return slab
  }

  private func format(_ slab: Ref<Page>, _ list: UInt) {
    let plan = state.pointee.plan
    slab.pointee.flags.insert(.slab)
    slab.pointee.flags.remove(.zeroFilled)
    slab.slabCache = core.address
    slab.pointee.privateData = 0
    slab.colourOffset = nextColour(Int(slab.pointee.node))
    slab.indexList = listPlace(slab, list)
    for number in 0..<plan.count { setIndex(slab, number, number) }
    shuffle(slab)
    if isWatched {
      for number in 0..<plan.count {
        prepareWatched(firstObject(of: slab) &+ UInt(number) &* plan.slotSize)
      }
    }
    // A poisoned object is constructed when it is handed out.
    guard !core.pointee.flags.isPoisoned, let constructor = core.pointee.constructor else { return }
    for number in 0..<plan.count {
      constructor(firstObject(of: slab) &+ UInt(number) &* plan.slotSize)
    }
  }

  /// Puts the numbers in random order where the heap wants that: but for the object with the list in
  /// it, which goes last (Fisher and Yates). Linux: `shuffle_freelist()`.
  private func shuffle(_ slab: Ref<Page>) {
    guard let root = HeapRoot.existing(core.pointee.pages),
      root.pointee.options.randomisesFreeLists
    else { return }
    let plan = state.pointee.plan
    var generator = SeededGenerator(seed: root.draw())
    var left = plan.management == .inObject ? plan.count - 1 : plan.count
    while left > 1 {
      let place = Int(generator.next(below: UInt32(left)))
      left -= 1
      let number = index(slab, place)
      setIndex(slab, place, index(slab, left))
      setIndex(slab, left, number)
    }
  }

  private func nextColour(_ index: Int) -> UInt {
    let plan = state.pointee.plan
    return node(index).pointee.withLock { node -> UInt in
      node.nextColour = node.nextColour + 1 < plan.colours ? node.nextColour + 1 : 0
      return UInt(node.nextColour) * plan.colourStep
    }
  }

  /// Linux: `alloc_slabmgmt()`.
  private func listPlace(_ slab: Ref<Page>, _ list: UInt) -> UInt {
    let plan = state.pointee.plan
    switch plan.management {
    case .offSlab: return list
    case .inObject: return firstObject(of: slab) &+ UInt(plan.count - 1) &* plan.slotSize
    case .onSlab:
      let pages = core.pointee.pages
      let start = unsafe UInt(bitPattern: pages.pointee.pointer(to: slab))
      let bytes = pages.pointee.directMap.pageSize.bytes(in: plan.order.pageCount).rawValue
      let size = UInt(plan.count * plan.indexSize)
      return (start &+ bytes &- size) & ~UInt(plan.indexSize - 1)
    }
  }

  /// The number at a place of the slab's list.
  func index(_ slab: Ref<Page>, _ place: Int) -> Int {
    let size = state.pointee.plan.indexSize
    let address = slab.indexList &+ UInt(place &* size)
    // SAFETY: the list has a number for every object of the slab.
    let bytes = unsafe UnsafeRawPointer(bitPattern: address).unsafelyUnwrapped
    return size == 1
      ? Int(unsafe bytes.load(as: UInt8.self)) : Int(unsafe bytes.load(as: UInt16.self))
  }

  private func setIndex(_ slab: Ref<Page>, _ place: Int, _ number: Int) {
    let size = state.pointee.plan.indexSize
    let address = slab.indexList &+ UInt(place &* size)
    // SAFETY: as above.
    let bytes = unsafe UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped
    if size == 1 {
      unsafe bytes.storeBytes(of: UInt8(truncatingIfNeeded: number), as: UInt8.self)
    } else {
      unsafe bytes.storeBytes(of: UInt16(truncatingIfNeeded: number), as: UInt16.self)
    }
  }

  private func takeList(_ flags: AllocationFlags) throws(AllocationError) -> UInt {
    let pages = core.pointee.pages
    while true {
      if let list = state.pointee.pool.withLock({ $0.take() }) { return list }
      let frame = try pages.pointee.allocatePage(flags: flags)
      let start = unsafe UInt(bitPattern: pages.pointee.pointer(to: frame))
      let end = start + pages.pointee.directMap.pageSize.bytes.rawValue
      state.pointee.pool.withLock { $0.add(frame, start..<end) }
    }
  }

  func giveList(_ list: UInt) {
    var frames = state.pointee.pool.withLock { pool -> PageList in
      pool.give(list)
      return pool.takeUnusedFrames()
    }
    while let frame = frames.popFront() {
      core.pointee.pages.pointee.freePages(frame, order: .zero)
    }
  }
}
