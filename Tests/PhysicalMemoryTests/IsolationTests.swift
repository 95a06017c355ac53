import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Pageblocks that are taken out of everyone's reach.
struct IsolationTests {
  private func frames(_ start: UInt, _ count: UInt) -> FrameRange {
    FrameRange(PageFrameNumber(start), PageFrameNumber(start + count))
  }

  @Test("a free block larger than a pageblock is cut, and one half stays in use")
  func cut() throws {
    let machine = try Laboratory(small: 1024)
    let free = machine.pages.pointee.freePageCount
    #expect(machine.list(5, .movable).contains(0x4_0040))
    try machine.pages.pointee.isolate(frames(0x4_0050, 16), from: .movable)
    machine.pages.pointee.checkInvariants()
    #expect(machine.list(4, .isolated) == [0x4_0050])
    #expect(machine.list(4, .movable).contains(0x4_0040))
    #expect(machine.pages.pointee.freePageCount + PageCount(16) == free)
    #expect(machine.pages.pointee.isFreeAndIsolated(frames(0x4_0050, 16)) == true)
    #expect(machine.pages.pointee.isFreeAndIsolated(frames(0x4_0040, 32)) == false)
    let taken = machine.exhaust([.kernel, .useReserves]) + machine.exhaust(.userMovable)
    #expect(taken.allSatisfy { machine.frame($0) / 16 != 0x4_0050 / 16 })
    #expect(taken.contains { machine.frame($0) / 16 == 0x4_0040 / 16 })
  }

  @Test("release merges what was cut, and all is as before")
  func release() throws {
    let machine = try Laboratory(small: 1024)
    let before = machine.freeBlocks
    let range = frames(0x4_0050, 48)
    try machine.pages.pointee.isolate(range, from: .movable)
    #expect(machine.freeBlocks != before || machine.list(5, .isolated).isEmpty == false)
    machine.pages.pointee.undoIsolation(range, to: .movable)
    #expect(machine.freeBlocks == before)
    machine.pages.pointee.checkInvariants()
    // Released frames are used last.
    let last = machine.list(5, .movable).suffix(2)
    #expect(last.contains(0x4_0040) || last.contains(0x4_0060))
  }

  @Test("frames in use join the isolated when they are freed")
  func joining() throws {
    let machine = try Laboratory(small: 1024)
    try machine.takeRemainders()
    let pages = try (0..<16).map { _ in try machine.take(0) }
    let block = machine.pages.pointee.pageblocks.block(
      of: machine.pages.pointee.frame(of: pages[0]))
    machine.free(pages[3], 0)
    let free = machine.pages.pointee.freePageCount
    try machine.pages.pointee.isolate(block, from: .movable)
    #expect(machine.pages.pointee.freePageCount + PageCount(1) == free)
    for page in pages where page != pages[3] {
      #expect(machine.pages.pointee.isFreeAndIsolated(block) == false)
      machine.free(page, 0)
      machine.pages.pointee.checkInvariants()
    }
    #expect(machine.pages.pointee.freePageCount + PageCount(1) == free)
    #expect(machine.pages.pointee.isFreeAndIsolated(block) == true)
    // Parts of it too, wherever they begin in the free block.
    let start = block.start.rawValue
    #expect(machine.pages.pointee.isFreeAndIsolated(frames(start + 3, 5)) == true)
    machine.pages.pointee.undoIsolation(block, to: .movable)
    #expect(machine.pages.pointee.freePageCount == free + PageCount(15))
    machine.pages.pointee.checkInvariants()
  }

  @Test("isolated neighbours that became one block can be released one by one")
  func half() throws {
    let machine = try Laboratory(small: 1024)
    let before = machine.freeBlocks
    let block = try machine.take(5)
    let start = machine.frame(block)
    try machine.pages.pointee.isolate(frames(start, 32), from: .movable)
    machine.free(block, 5)
    #expect(machine.list(5, .isolated) == [start])
    machine.pages.pointee.undoIsolation(frames(start + 16, 16), to: .movable)
    machine.pages.pointee.checkInvariants()
    #expect(machine.list(4, .isolated) == [start])
    #expect(machine.list(4, .movable).contains(start + 16))
    machine.pages.pointee.undoIsolation(frames(start, 16), to: .movable)
    machine.pages.pointee.checkInvariants()
    #expect(machine.freeBlocks == before)
  }

  @Test("a freed block one half of which was isolated comes apart")
  func freedInHalves() throws {
    let machine = try Laboratory(small: 1024)
    let before = machine.freeBlocks
    let block = try machine.take(5)
    let start = machine.frame(block)
    try machine.pages.pointee.isolate(frames(start + 16, 16), from: .movable)
    machine.free(block, 5)
    machine.pages.pointee.checkInvariants()
    #expect(machine.list(4, .isolated) == [start + 16])
    #expect(machine.list(4, .movable).contains(start))
    machine.pages.pointee.undoIsolation(frames(start + 16, 16), to: .movable)
    machine.pages.pointee.checkInvariants()
    #expect(machine.freeBlocks == before)
  }

  @Test("a range that cannot be isolated as a whole is left as it was")
  func failing() throws {
    let machine = try Laboratory(small: 1024)
    let before = machine.freeBlocks
    try machine.pages.pointee.isolate(frames(0x4_0080, 16), from: .movable)
    #expect(throws: AllocationError.outOfMemory) {
      try machine.pages.pointee.isolate(frames(0x4_0040, 96), from: .movable)
    }
    #expect(machine.pages.pointee.pageblocks[PageFrameNumber(0x4_0070)] == .movable)
    #expect(machine.pages.pointee.pageblocks[PageFrameNumber(0x4_0080)] == .isolated)
    machine.pages.pointee.undoIsolation(frames(0x4_0080, 16), to: .movable)
    #expect(throws: AllocationError.outOfMemory) {
      try machine.pages.pointee.isolate(frames(0x4_03F0, 32), from: .movable)
    }
    #expect(machine.freeBlocks == before)
    machine.pages.pointee.checkInvariants()
  }

  @Test("a merge over pageblocks of several types makes all of them one type")
  func mergingTypes() throws {
    // Largest blocks of four pageblocks.
    let machine = try Laboratory(small: 1024, configure: { $0.maximumOrder = Order(6) })
    let block = try machine.take(6)
    let start = machine.frame(block)
    machine.pages.pointee.split(block, Order(6))
    for (index, type) in [MigrateType.movable, .movable, .reclaimable, .unmovable].enumerated() {
      try machine.retype(frames(start + UInt(index) * 16, 16), to: type)
    }
    for frame in (start..<start + 64).reversed() {
      machine.free(machine.page(frame), 0)
      machine.pages.pointee.checkInvariants()
    }
    #expect(machine.list(6, .movable).contains(start))
    _ = try machine.take(5)
    machine.pages.pointee.checkInvariants()
  }
}
