import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Placement, splitting and merging.
struct BuddyTests {
  @Test("the first frame allocated after boot is the lowest of the largest order")
  func firstFrame() throws {
    let machine = try Laboratory(frames: 4096, start: 0x4000_0000)
    try machine.takeRemainders()
    #expect(try machine.frame(machine.take(0)) == 0x4_0000)
    #expect(try machine.frame(machine.take(0)) == 0x4_0001)
    #expect(try machine.frame(machine.take(1)) == 0x4_0002)
    #expect(try machine.frame(machine.take(0)) == 0x4_0004)
    #expect(try machine.frame(machine.take(10)) == 0x4_0400)
  }

  @Test("freeing the second buddy restores the block of order n+1")
  func secondBuddy() throws {
    let machine = try Laboratory()
    for order in UInt8(0)..<10 {
      let whole = try machine.take(order + 1)
      let start = machine.frame(whole)
      machine.free(whole, order + 1)
      let before = machine.freeBlocks
      let first = try machine.take(order)
      let second = try machine.take(order)
      machine.free(first, order)
      machine.free(second, order)
      #expect(machine.freeBlocks == before)
      let again = try machine.take(order + 1)
      #expect(machine.frame(again) == start)
      machine.free(again, order + 1)
    }
    machine.pages.pointee.checkInvariants()
  }

  @Test("a freed block is the next one handed out")
  func lastFreedFirst() throws {
    let machine = try Laboratory()
    let taken = try (0..<8).map { _ in try machine.take(0) }
    machine.free(taken[2], 0)
    machine.free(taken[5], 0)
    #expect(try machine.take(0) == taken[5])
    #expect(try machine.take(0) == taken[2])
  }

  @Test("a block whose buddy's return would merge twice goes to the tail of its list")
  func mergeLikely() throws {
    let machine = try Laboratory()
    try machine.takeRemainders()
    let taken = try (0..<16).map { _ in try machine.take(0) }
    machine.free(taken[9], 0)
    // Frames 2 and 3 make a free block of order 1, so frame 0 waits for frame 1 at the tail.
    machine.free(taken[2], 0)
    machine.free(taken[3], 0)
    machine.free(taken[0], 0)
    #expect(try machine.take(0) == taken[9])
    #expect(try machine.take(0) == taken[0])
  }

  @Test("splits and merges, allocations and frees are counted")
  func statistics() throws {
    let machine = try Laboratory()
    try machine.takeRemainders()
    let before = machine.pages.pointee.zones[0].pointee.statistics
    let page = try machine.take(0)
    machine.free(page, 0)
    let statistics = machine.pages.pointee.zones[0].pointee.statistics
    #expect(statistics.allocations == before.allocations + 1)
    #expect(statistics.pagesFreed == before.pagesFreed + 1)
    #expect(statistics.pagesDrained == before.pagesDrained)
    #expect(statistics.splits == before.splits + 10)
    #expect(statistics.merges == before.merges + 10)
  }

  @Test("an order above the largest is out of memory, not a crash")
  func hugeOrder() throws {
    let machine = try Laboratory()
    #expect(throws: AllocationError.outOfMemory) { _ = try machine.take(11) }
    #expect(throws: AllocationError.outOfMemory) { _ = try machine.take(255) }
    #expect(machine.pages.pointee.freeBlockCount(of: Order(40)) == 0)
  }

  @Test("the zeroed flag clears every byte of the block, and nothing beside it")
  func zeroed() throws {
    let machine = try Laboratory()
    let page = try machine.take(2, [.kernel, .zeroed])
    let bytes = unsafe UnsafeRawBufferPointer(
      start: machine.pages.pointee.pointer(to: page), count: 4 * 4096)
    #expect(unsafe bytes.allSatisfy { $0 == 0 })
    let next = try machine.take(2)
    #expect(unsafe machine.pages.pointee.pointer(to: next).load(as: UInt8.self) == 0xA5)
  }

  @Test("the tails of a compound block know their head, and forget it when it is freed")
  func compound() throws {
    let machine = try Laboratory()
    let head = try machine.take(3, [.kernel, .compound])
    let pages = machine.pages
    let start = pages.pointee.frame(of: head)
    for offset in UInt(0)..<8 {
      #expect(
        pages.pointee.pages.head(of: pages.pointee.page(of: start + PageCount(offset))) == head)
    }
    pages.pointee.checkInvariants()
    machine.free(head, 3)
    pages.pointee.checkInvariants()
    #expect(!pages.pointee.page(of: start + PageCount(5)).pointee.flags.contains(.tail))
  }

  /// One step of a random history.
  private enum Step: Sendable {
    case allocate(order: UInt8, isCompound: Bool)
    /// Frees the n-th living block, counted round.
    case free(Int)
  }

  @Test(
    "random histories of all orders keep every frame accounted for, and end at the boot count",
    arguments: [(600, 0x4000_0000), (4096, 0x4000_0000), (3001, 0x5A00_3000)])
  func randomHistories(frames: Int, start: Int) {
    checkHistories(count: 12, length: 400) { generator in
      generator.next(below: 100) < 55
        ? Step.allocate(
          order: UInt8(min(generator.next(below: 11), generator.next(below: 11))),
          isCompound: generator.next(below: 4) == 0)
        : Step.free(Int(generator.next(below: 1 << 20)))
    } run: { steps in
      let machine = try Laboratory(frames: UInt(frames), start: UInt64(start))
      try replay(steps, on: machine)
    }
  }

  private func replay(_ steps: [Step], on machine: Laboratory) throws {
    // The check looks at every frame: large machines are checked less often.
    let interval = machine.pages.pointee.pages.count < PageCount(1000) ? 1 : 16
    let atBoot = machine.freeBlocks
    let boot = machine.pages.pointee.freePageCount.rawValue
    var living: [(page: Ref<Page>, order: UInt8)] = []
    var owners: [UInt: Int] = [:]
    var used: UInt = 0
    for (number, step) in steps.enumerated() {
      switch step {
      case .allocate(let order, let isCompound):
        guard
          let page = try? machine.take(
            order, isCompound ? [.kernel, .movable, .compound] : [.kernel, .movable])
        else { continue }
        let start = machine.frame(page)
        try requireEqual(start % (1 << order), 0, "alignment")
        for frame in start..<start + (1 << order) {
          try requireEqual(owners.updateValue(number, forKey: frame), nil, "owner of \(frame)")
        }
        living.append((page, order))
        used += 1 << order
      case .free(let index):
        guard !living.isEmpty else { continue }
        let (page, order) = living.remove(at: index % living.count)
        let start = machine.frame(page)
        for frame in start..<start + (1 << order) { owners[frame] = nil }
        machine.free(page, order)
        used -= 1 << order
      }
      try requireEqual(machine.pages.pointee.freePageCount.rawValue, boot - used, "free frames")
      if number % interval == 0 { machine.pages.pointee.checkInvariants() }
    }
    for (page, order) in living { machine.free(page, order) }
    machine.pages.pointee.checkInvariants()
    try requireEqual(machine.freeBlocks, atBoot, "blocks after everything was freed")
  }
}
