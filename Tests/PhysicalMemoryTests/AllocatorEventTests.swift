import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// What the allocator says has happened since boot.
struct AllocatorEventTests {
  @Test(
    "frames handed out and given back are counted, through per-CPU lists and past them",
    arguments: [true, false])
  func counts(hasLists: Bool) throws {
    let machine = try Laboratory(small: 1024) { $0.hasPerCPULists = hasLists }
    let zone = machine.zone()
    #expect(zone.pointee.pagesAllocated == 0)
    #expect(zone.pointee.pagesFreed == 0)
    let single = try (0..<50).map { _ in try machine.take(0) }
    let large = try machine.take(3)
    let largest = try machine.take(5)
    #expect(zone.pointee.pagesAllocated == 50 + 8 + 32)
    for page in single.prefix(30) { machine.free(page, 0) }
    machine.free(large, 3)
    machine.pages.pointee.freePagesToZone(largest, order: Order(5))
    #expect(zone.pointee.pagesFreed == 30 + 8 + 32)
    // What processors fetch, keep and give back is nobody's allocation.
    machine.pages.pointee.drainPerCPULists()
    #expect(zone.pointee.pagesAllocated == 50 + 8 + 32)
    #expect(zone.pointee.pagesFreed == 30 + 8 + 32)
    #expect(zone.pointee.ownedPages == PageCount(20))
    machine.pages.pointee.checkInvariants()
  }

  @Test("every block that somebody has is met once, with its order, and no other")
  func owned() throws {
    let machine = try Laboratory(small: 1024) { $0.hasPerCPULists = true }
    var expected: [UInt: UInt8] = [:]
    for order in [UInt8(0), 3, 1, 5, 0, 2] {
      expected[machine.frame(try machine.take(order))] = order
    }
    machine.free(try machine.take(0), 0)
    var found: [UInt: UInt8] = [:]
    machine.pages.pointee.forEachOwnedBlock { page, order in
      found[machine.frame(page)] = order.rawValue
    }
    #expect(found == expected)
  }

  @Test("waiting for reclaim and compaction is counted, and what came of it")
  func slowPath() throws {
    let machine = try Laboratory(small: 1024)
    var taken = machine.exhaust([.kernel, .movable])
    let relief = ReliefScript()
    relief.serve(machine)
    relief.answer = { need in
      guard need == .kill else { return need == .compaction }
      while let page = taken.popLast() { machine.free(page, 0) }
      return true
    }
    func count(_ event: SlowPathEvent) -> UInt { machine.pages.pointee.count(of: event) }
    _ = try machine.take(2, [.kernel, .movable])
    #expect(count(.kill) == 1)
    #expect(count(.stall(.normal)) == UInt(relief.asked.count { $0 == .reclaim }))
    #expect(count(.stall(.normal)) > 0)
    #expect(count(.stall(.dma)) == 0)
    #expect(count(.compactionStall) == UInt(relief.asked.count { $0 == .compaction }))
    #expect(count(.compactionStall) == count(.compactionFailure) + count(.compactionSuccess))
    #expect(count(.compactionFailure) > 0)
  }
}
