import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// The free frames that processors keep at hand.
struct PerCPUTests {
  private func machine(
    frames: UInt = 4096, batch: UInt = 7, lowest: UInt = 30, highest: UInt = 200,
    processors: Int = 1
  ) throws -> Laboratory {
    let machine = try Laboratory(
      frames: frames,
      configure: { options in
        options.hasPerCPULists = true
        options.processors = processors
      })
    machine.setBatch(batch, lowest: lowest, highest: highest)
    return machine
  }

  private func kept(_ machine: Laboratory, by processor: Int = 0) -> Int {
    machine.zone().pointee.perCPUCount(of: processor)
  }

  /// Allocates until a list was filled; how many blocks were fetched.
  private func refill(
    _ machine: Laboratory, _ order: UInt8 = 0, _ flags: AllocationFlags = [.kernel, .movable]
  ) throws -> Int {
    let size = 1 << Int(order)
    while true {
      let before = kept(machine)
      _ = try machine.take(order, flags)
      let fetched = kept(machine) - before + size
      if fetched > 0 { return fetched / size }
    }
  }

  @Test("a processor that only allocates fetches twice as much each time, up to its high mark")
  func doubling() throws {
    let machine = try machine()
    var fetched: [Int] = []
    for _ in 0..<6 { fetched.append(try refill(machine)) }
    // The mark rises with each batch to 37, 51, 79, 135, 200; one batch less than it is fetched.
    #expect(fetched == [7, 14, 28, 56, 112, 193])
    #expect(machine.zone().pointee.tuning(of: 0).high == 200)
    #expect(machine.zone().pointee.tuning(of: 0).allocationFactor == 5)
    machine.pages.pointee.checkInvariants()
  }

  @Test("a single free halves the next batch")
  func halving() throws {
    let machine = try machine()
    let page = try machine.take(0)
    for _ in 0..<3 { _ = try refill(machine) }
    machine.free(page, 0)
    #expect(machine.zone().pointee.tuning(of: 0).allocationFactor == 2)
    #expect(try refill(machine) == 28)
  }

  @Test("batches of larger orders have as many frames, but two blocks at least")
  func largeBatches() throws {
    let machine = try machine(batch: 15)
    #expect(try refill(machine, 1) == 7)
    #expect(try refill(machine, 2) == 3)
    #expect(try refill(machine, 3) == 2)
    #expect(machine.zone().pointee.tuning(of: 0).allocationFactor == 0)
    // Larger ones are not kept at all.
    let before = kept(machine)
    machine.free(try machine.take(4), 4)
    #expect(kept(machine) == before)
  }

  @Test("below the high mark of the zone a processor's mark does not grow with its batches")
  func belowHigh() throws {
    let machine = try machine()
    machine.zone().pointee.isBelowHigh = true
    machine.setMarks(min: 0, low: 0, high: 100_000)
    for _ in 0..<4 { _ = try refill(machine) }
    #expect(machine.zone().pointee.tuning(of: 0).high == 30)
  }

  @Test("a freed frame is the next one out; fetched ones come in the order of the free list")
  func order() throws {
    let machine = try machine()
    // The blocks below the largest order go first.
    var first = try machine.take(0)
    while machine.frame(first) % 1024 > 0 { first = try machine.take(0) }
    let taken = try (0..<14).map { _ in try machine.take(0) }
    let start = machine.frame(first) + 1
    #expect(taken.map(machine.frame) == Array(start..<start + 14))
    machine.free(taken[4], 0)
    machine.free(taken[9], 0)
    #expect(try machine.take(0) == taken[9])
    #expect(try machine.take(0) == taken[4])
  }

  @Test("frees raise the mark to what is freed at once, and bring a batch or more back")
  func highTuning() throws {
    let machine = try machine()
    let taken = try (0..<300).map { _ in try machine.take(0) }
    machine.pages.pointee.drainPerCPULists()
    machine.zone().pointee.restoreTuning(of: 0, PerCPUState(high: 30))
    for page in taken[..<29] { machine.free(page, 0) }
    #expect(kept(machine) == 29)
    machine.free(taken[29], 0)
    // 30 were freed: more than a batch, at most all but one batch of the mark.
    #expect(kept(machine) == 30 - 23)
    #expect(machine.zone().pointee.tuning(of: 0).high == 37)
    for page in taken[30...] { machine.free(page, 0) }
    #expect(machine.zone().pointee.tuning(of: 0).high == 200)
    #expect(kept(machine) < 200)
    machine.pages.pointee.checkInvariants()
  }

  @Test("frees into a zone below its high mark lower the mark of the processor")
  func lowering() throws {
    let machine = try machine()
    let taken = try (0..<60).map { _ in try machine.take(0) }
    machine.pages.pointee.drainPerCPULists()
    machine.zone().pointee.restoreTuning(of: 0, PerCPUState(high: 120))
    machine.setMarks(min: 0, low: 0, high: 100_000)
    machine.zone().pointee.isBelowHigh = true
    machine.free(taken[0], 0)
    #expect(machine.zone().pointee.tuning(of: 0).high == 113)
    #expect(kept(machine) == 1)
    machine.setMarks(min: 0, low: 0, high: 0)
    for page in taken[1..<30] { machine.free(page, 0) }
    // The thirtieth reached the lowest mark; what went back brought the zone above its own.
    #expect(machine.zone().pointee.isBelowHigh == false)
    #expect(kept(machine) < 30)
  }

  @Test("where reclaim works a processor keeps four batches")
  func reclaimed() throws {
    let machine = try machine(lowest: 60)
    let taken = try (0..<100).map { _ in try machine.take(0) }
    machine.pages.pointee.drainPerCPULists()
    machine.zone().pointee.restoreTuning(of: 0, PerCPUState(high: 60))
    machine.zone().pointee.isReclaimed = true
    for page in taken { machine.free(page, 0) }
    #expect(kept(machine) < 28)
    machine.zone().pointee.isReclaimed = false
    machine.pages.pointee.checkInvariants()
  }

  /// The frames that went back to the free lists, in their order.
  @safe
  private final class Drained {
    private(set) var frames: [UInt] = []

    func watch(_ zone: Ref<Zone>) {
      let context = unsafe Unmanaged.passUnretained(self).toOpaque()
      zone.pointee.trace = unsafe AllocatorTrace(context: context) {
        context, raw, frame, _, _, _, _ in
        guard let context = unsafe context, raw == AllocatorTrace.Event.drained.rawValue else {
          return
        }
        unsafe Unmanaged<Drained>.fromOpaque(context).takeUnretainedValue().frames.append(frame)
      }
    }
  }

  @Test("a full processor gives back from the list that grew, the oldest first, then from the next")
  func roundRobin() throws {
    let machine = try machine(lowest: 14, highest: 14)
    let movable = try (0..<6).map { _ in try machine.take(0) }
    let unmovable = try (0..<8).map { _ in try machine.take(0, .kernel) }
    machine.pages.pointee.drainPerCPULists()
    let drained = Drained()
    drained.watch(machine.zone())
    defer { machine.zone().pointee.trace = nil }
    machine.zone().pointee.restoreTuning(of: 0, PerCPUState(high: 14))
    for page in movable[..<4] + unmovable { machine.free(page, 0) }
    #expect(drained.frames.isEmpty)
    machine.free(movable[4], 0)
    machine.free(movable[5], 0)
    // Half of what is kept: all of the movable list, which grew last, then one of the next list
    // that has any, which is the unmovable one behind those of all other orders.
    let expected = movable.map(machine.frame) + [machine.frame(unmovable[0])]
    #expect(drained.frames == expected)
    #expect(kept(machine) == 7)
    machine.pages.pointee.checkInvariants()
  }

  @Test("large blocks freed one after the other go back, since here they would not merge")
  func burst() throws {
    let machine = try machine(lowest: 60, highest: 400)
    let blocks = try (0..<10).map { _ in try machine.take(1) }
    machine.pages.pointee.drainPerCPULists()
    machine.zone().pointee.restoreTuning(of: 0, PerCPUState(high: 300))
    for block in blocks[..<4] { machine.free(block, 1) }
    // Eight frames are a batch, so the next one in a row is one too many.
    #expect(kept(machine) == 8)
    machine.free(blocks[4], 1)
    #expect(kept(machine) == 0)
    #expect(machine.zone().pointee.tuning(of: 0).high == 300 - 7 * 32)
    // A single frame between two large ones ends the row.
    let single = try machine.take(0)
    let before = kept(machine)
    machine.free(blocks[5], 1)
    machine.free(single, 0)
    machine.free(blocks[6], 1)
    #expect(kept(machine) == before + 5)
    machine.pages.pointee.checkInvariants()
  }

  @Test("a list that is little used shrinks by an eighth, and to its mark")
  func decay() throws {
    let machine = try machine()
    let taken = try (0..<190).map { _ in try machine.take(0) }
    machine.pages.pointee.drainPerCPULists()
    machine.zone().pointee.restoreTuning(of: 0, PerCPUState(high: 200))
    for page in taken { machine.free(page, 0) }
    #expect(kept(machine) == 190)
    machine.pages.pointee.decayPerCPULists(of: 0)
    #expect(machine.zone().pointee.tuning(of: 0).high == 175)
    #expect(kept(machine) == 175)
    for _ in 0..<40 { machine.pages.pointee.decayPerCPULists(of: 0) }
    #expect(machine.zone().pointee.tuning(of: 0).high == 30)
    #expect(kept(machine) == 30)
    machine.pages.pointee.checkInvariants()
  }

  @Test("a list above its mark is cut to it although the mark is at its lowest already")
  func decayAtLowest() throws {
    let machine = try machine(batch: 15, lowest: 20, highest: 20)
    for order in UInt8(1)...3 {
      for flags in [AllocationFlags.kernel, [.kernel, .movable]] {
        _ = try machine.take(order, flags)
      }
    }
    #expect(kept(machine) > 20)
    machine.pages.pointee.decayPerCPULists(of: 0)
    #expect(kept(machine) <= 20)
  }

  @Test("with fixed marks the mark does not follow use")
  func fixedMarks() throws {
    let machine = try Laboratory(
      frames: 4096,
      configure: { options in
        options.hasPerCPULists = true
        options.perCPUHighFraction = 8
      })
    let marks = machine.zone().pointee.perCPUMarks
    #expect(marks.highMinimum == marks.highMaximum)
    let taken = try (0..<2000).map { _ in try machine.take(0) }
    for page in taken { machine.free(page, 0) }
    #expect(machine.zone().pointee.tuning(of: 0).high == Int(marks.highMaximum.rawValue))
  }

  @Test("each processor has lists of its own, and others can empty them")
  func processors() throws {
    let machine = try machine(processors: 3)
    let choice = ProcessorChoice()
    machine.pages.pointee.processors = choice.source
    defer { machine.pages.pointee.processors = .first }
    let atBoot = machine.freeBlocks
    let pages = try (0..<3).map { _ in try machine.take(0) }
    choice.current = 2
    for page in pages { machine.free(page, 0) }
    #expect(kept(machine, by: 2) == 3)
    #expect(try machine.take(0) == pages[2])
    machine.free(pages[2], 0)
    choice.current = 1
    #expect(try !pages.contains(machine.take(0)))
    machine.pages.pointee.drainPerCPULists(of: 2)
    #expect(kept(machine, by: 2) == 0)
    #expect(kept(machine, by: 1) == 6)
    #expect(machine.freeBlocks != atBoot)
  }

  @Test("frames on lists are free in the machine's count, and merge when all are drained")
  func drained() throws {
    let machine = try machine(processors: 2)
    let atBoot = machine.freeBlocks
    let free = machine.pages.pointee.freePageCount
    let orders = (0..<100).map { $0 < 60 ? UInt8($0 % 4) : 0 }
    let taken = try orders.map { try machine.take($0) }
    for (page, order) in zip(taken, orders) { machine.free(page, order) }
    #expect(kept(machine) > 0)
    #expect(machine.pages.pointee.freePageCount == free)
    #expect(machine.freeBlocks != atBoot)
    machine.pages.pointee.drainPerCPULists()
    #expect(machine.freeBlocks == atBoot)
  }

  @Test("a call that finds the lists in use goes to the free lists of the zone")
  func interrupted() throws {
    let machine = try machine()
    let page = try machine.take(0)
    let before = kept(machine)
    var taken: Ref<Page>?
    var calls = 0
    machine.zone().pointee.forEachPerCPU(list: 1, processor: 0) { _ in
      guard calls == 0 else { return }
      calls += 1
      // As an interrupt handler finds them.
      machine.free(page, 0)
      taken = try? machine.take(0)
    }
    #expect(calls == 1)
    #expect(kept(machine) == before)
    // What was freed last stands at the head of the free list.
    #expect(taken == page)
    machine.pages.pointee.checkInvariants()
  }

  @Test("a block can be given to the zone past the lists")
  func pastTheLists() throws {
    let machine = try machine()
    let page = try machine.take(2)
    let before = (kept(machine), machine.zone().pointee.freePages)
    machine.pages.pointee.freePagesToZone(page, order: Order(2))
    #expect(kept(machine) == before.0)
    #expect(machine.zone().pointee.freePages == before.1 + PageCount(4))
    machine.pages.pointee.checkInvariants()
  }

  @Test("a frame of an isolated pageblock does not come to a list, and isolation empties lists")
  func isolated() throws {
    let machine = try machine()
    let pages = try (0..<10).map { _ in try machine.take(0) }
    let block = machine.pages.pointee.pageblocks.block(
      of: machine.pages.pointee.frame(of: pages[0]))
    machine.free(pages[1], 0)
    #expect(kept(machine) > 0)
    try machine.pages.pointee.isolate(block, from: .movable)
    #expect(kept(machine) == 0)
    machine.free(pages[0], 0)
    #expect(kept(machine) == 0)
    machine.pages.pointee.checkInvariants()
  }

  @Test("frames of contiguous areas stand in the movable list, where others do not get them")
  func contiguous() throws {
    let machine = try machine()
    let page = try machine.take(0)
    let block = machine.pages.pointee.pageblocks.block(of: machine.pages.pointee.frame(of: page))
    try machine.retype(block, to: .cma)
    machine.free(page, 0)
    #expect(try machine.take(0, .kernel) != page)
    #expect(try machine.take(0) == page)
  }

  @Test("huge pages have lists of their own where the machine has huge pages")
  func hugePages() throws {
    let machine = try Laboratory(small: 4096) { options in
      options.hasPerCPULists = true
      options.hasHugePages = true
    }
    machine.setBatch(31, lowest: 200, highest: 400)
    let page = try machine.take(4)
    machine.free(page, 4)
    var movable: [UInt] = []
    machine.zone().pointee.forEachPerCPU(list: 13, processor: 0) { movable.append($0.rawValue) }
    #expect(movable.first == machine.frame(page))
    #expect(try machine.take(4) == page)
    machine.pages.pointee.checkInvariants()
  }
}
