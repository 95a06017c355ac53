internal import Machine
internal import MemoryTypes
internal import PhysicalMemory

extension SlubDesign {
  /// A slab all of whose objects are free: of the usual order, lightly asked for, else of the
  /// smallest. Linux: `allocate_slab()`.
  func makeSlab(_ flags: AllocationFlags) throws(AllocationError) -> Ref<Page> {
    let wanted = flags.subtracting([.zeroed, .movable, .highMemory])
      .union(core.pointee.flags.ofPages)
    let light = wanted.subtracting([.noFail, .directReclaim]).union([.noRetry, .noWarning])
    let geometry = core.pointee.geometry
    let pages = core.pointee.pages
    let slab: Ref<Page>
    if geometry.order > geometry.smallestOrder,
      let usual = try? pages.pointee.allocatePages(order: geometry.order, flags: light)
    {
      slab = usual
    } else {
      slab = try pages.pointee.allocatePages(order: geometry.smallestOrder, flags: wanted)
    }
    format(slab)
    return slab
  }

  private func format(_ slab: Ref<Page>) {
    let geometry = core.pointee.geometry
    let start = unsafe UInt(bitPattern: core.pointee.pages.pointee.pointer(to: slab))
    let firstObject = start &+ geometry.leftZone
    let count = UInt(geometry.objects(in: slab.pointee.order))
    slab.pointee.flags.insert(.slab)
    slab.pointee.flags.remove(.zeroFilled)
    slab.slabCache = core.address
    slab.pointee.charge = 0
    if core.pointee.flags.isDebugging { prepareWatched(slab, firstObject, count) }
    var counters = SlubCounters(rawValue: 0)
    counters.objects = count
    slab.setSlub(SlubState(first: chain(firstObject, count), counters: counters))
    guard let constructor = core.pointee.constructor else { return }
    for index in 0..<count { constructor(firstObject &+ index &* geometry.slotSize.rawValue) }
  }

  /// Chains all objects, lowest first, or at random; the first of them.
  private func chain(_ firstObject: UInt, _ count: UInt) -> UInt {
    guard let root = HeapRoot.existing(core.pointee.pages),
      root.pointee.options.randomisesFreeLists, count > 2
    else {
      return chainInOrder(firstObject, count)
    }
    return chainAtRandom(firstObject, count, SeededGenerator(seed: root.draw()))
  }

  private func chainInOrder(_ firstObject: UInt, _ count: UInt) -> UInt {
    let step = core.pointee.geometry.slotSize.rawValue
    var next: UInt = 0
    var index = count
    while index > 0 {
      index &-= 1
      let object = firstObject &+ index &* step
      core.setNextFree(after: object, to: next)
      next = object
    }
    return next
  }

  /// A random circle through all objects, cut open somewhere: the links themselves are shuffled, so
  /// no other memory is needed (Sattolo 1986). Linux: `shuffle_freelist()`.
  private func chainAtRandom(
    _ firstObject: UInt, _ count: UInt, _ generator: SeededGenerator
  ) -> UInt {
    var generator = generator
    let step = core.pointee.geometry.slotSize.rawValue
    for index in 0..<count {
      let object = firstObject &+ index &* step
      core.setNextFree(after: object, to: object)
    }
    var index = count &- 1
    while index > 0 {
      let other = UInt(generator.next(below: UInt32(truncatingIfNeeded: index)))
      swapLinks(firstObject &+ index &* step, firstObject &+ other &* step)
      index &-= 1
    }
    let last = firstObject &+ UInt(generator.next(below: UInt32(count))) &* step
    let first = core.nextFree(after: last)
    core.setNextFree(after: last, to: 0)
    return first
  }

  private func swapLinks(_ one: UInt, _ other: UInt) {
    let next = core.nextFree(after: one)
    core.setNextFree(after: one, to: core.nextFree(after: other))
    core.setNextFree(after: other, to: next)
  }
}
