import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Pageblocks that are kept for someone: contiguous areas, large requests that cannot wait.
struct ReservedTypeTests {
  /// A machine with a contiguous area of 64 frames, from the fifth pageblock on.
  private func withArea() throws -> (machine: Laboratory, area: FrameRange) {
    let machine = try Laboratory(small: 1024)
    let area = FrameRange(PageFrameNumber(0x4_0040), PageFrameNumber(0x4_0080))
    try machine.retype(area, to: .cma)
    return (machine, area)
  }

  @Test("movable requests go to a contiguous area while it has more than half of the free frames")
  func lending() throws {
    let (machine, area) = try withArea()
    #expect(machine.zone().pointee.freeCMAPages == PageCount(64))
    var lent = 0
    while machine.zone().pointee.freePages > PageCount(0) {
      let free = machine.zone().pointee.freePages.rawValue
      let inArea = machine.zone().pointee.freeCMAPages.rawValue
      let isPlentiful = inArea > free / 2
      let hasOthers = free > inArea
      let page = try machine.take(0, .userMovable)
      let isLent = area.contains(machine.pages.pointee.frame(of: page))
      #expect(isLent == (isPlentiful || !hasOthers))
      if isLent { lent += 1 }
    }
    #expect(lent == 64)
    machine.pages.pointee.checkInvariants()
  }

  @Test("who cannot move gets nothing of a contiguous area, though all other frames are gone")
  func notLent() throws {
    let (machine, area) = try withArea()
    let taken = machine.exhaust(.kernel) + machine.exhaust([.kernel, .reclaimable])
    #expect(taken.allSatisfy { !area.contains(machine.pages.pointee.frame(of: $0)) })
    #expect(machine.zone().pointee.freePages == PageCount(64))
    #expect(throws: AllocationError.outOfMemory) { _ = try machine.take(2, .atomic) }
    _ = try machine.take(4, .userMovable)
    #expect(machine.zone().pointee.freeCMAPages == PageCount(48))
  }

  /// A machine whose only free frames are an area's, but for a block of four frames that requests of
  /// the kind `flags` left with the processor.
  private func withKeptBlock(_ flags: AllocationFlags) throws -> Laboratory {
    let machine = try Laboratory(small: 1024) { $0.hasPerCPULists = true }
    try machine.retype(FrameRange(PageFrameNumber(0x4_0040), PageFrameNumber(0x4_0080)), to: .cma)
    machine.setBatch(2, lowest: 64, highest: 64)
    // Two blocks are fetched, and one is handed out.
    _ = try machine.take(2, flags)
    // From here on frames are fetched one by one: none is left with the processor.
    machine.setBatch(2, lowest: 1, highest: 1)
    machine.exhaust(.kernel)
    #expect(machine.zone().pointee.freePages == PageCount(64))
    #expect(machine.zone().pointee.perCPUCount(of: 0) == 4)
    return machine
  }

  @Test("a block that the processor has comes before an area's when there is no other")
  func keptBeforeArea() throws {
    let machine = try withKeptBlock(.userMovable)
    let page = try machine.take(2, .userMovable)
    #expect(machine.type(of: page) != .cma)
    #expect(machine.zone().pointee.perCPUCount(of: 0) == 0)
    #expect(machine.zone().pointee.freeCMAPages == PageCount(64))
    machine.pages.pointee.checkInvariants()
  }

  /// Linux: `__zone_watermark_ok()` looks at free lists, not at what processors have.
  @Test("who cannot move gets no block that the processor has when none is free in the zone")
  func keptInVain() throws {
    let machine = try withKeptBlock(.kernel)
    // Single frames are free, so that the zone is far above its marks; no two are buddies.
    let others = (0x4_0080..<UInt(0x4_0400)).filter { frame in
      let page = machine.page(frame)
      return frame % 2 == 0 && page.pointee.state == .allocated && page.pointee.references == 1
        && page.pointee.order == .zero
    }
    for frame in others { machine.pages.pointee.freePagesToZone(machine.page(frame), order: .zero) }
    machine.zone().pointee.isBelowHigh = false
    #expect(throws: AllocationError.outOfMemory) { _ = try machine.take(2, .kernel) }
    #expect(machine.zone().pointee.perCPUCount(of: 0) == 4)
  }

  @Test("frames of an area that are freed are the area's again, and merge with no other type")
  func areaMerging() throws {
    let (machine, area) = try withArea()
    machine.exhaust(.kernel)
    for page in machine.exhaust(.userMovable) { machine.free(page, 0) }
    #expect(machine.zone().pointee.freeCMAPages == PageCount(64))
    #expect(machine.list(5, .cma).sorted() == [area.start.rawValue, area.start.rawValue + 32])
    machine.pages.pointee.checkInvariants()
  }

  /// A machine large enough for a reserve of three pageblocks, where every request is below the
  /// low mark.
  private func lowMachine() throws -> Laboratory {
    let machine = try Laboratory(small: 4096)
    machine.setMarks(min: 8, low: 5000, high: 6000)
    return machine
  }

  @Test("a large request that cannot wait gets its pageblock kept, until a hundredth is")
  func keeping() throws {
    let machine = try lowMachine()
    var kept: Set<UInt> = []
    for _ in 0..<60 {
      let page = try machine.take(2, .atomic)
      #expect(kept.count == 3 || machine.type(of: page) == .highAtomic)
      if machine.type(of: page) == .highAtomic { kept.insert(machine.frame(page) / 16) }
    }
    // 40 of 4000 frames, rounded up to pageblocks.
    #expect(kept.count == 3)
    #expect(machine.zone().pointee.highAtomicPages == PageCount(48))
    machine.pages.pointee.checkInvariants()
  }

  @Test("single frames and requests that may wait keep nothing")
  func notKeeping() throws {
    let machine = try lowMachine()
    for flags in [AllocationFlags.noWait, .kernel, [.kernel, .highPriority]] {
      #expect(try machine.type(of: machine.take(2, flags)) == .unmovable)
    }
    #expect(try machine.type(of: machine.take(0, .atomic)) == .unmovable)
    #expect(machine.zone().pointee.highAtomicPages == .zero)
  }

  @Test("a small zone keeps nothing: a hundredth of it is less than a pageblock")
  func smallZone() throws {
    let machine = try Laboratory(small: 1024)
    machine.setMarks(min: 8, low: 5000, high: 6000)
    #expect(try machine.type(of: machine.take(2, .atomic)) == .unmovable)
  }

  @Test("of a block of two pageblocks both are kept, and its frames come back to the same lists")
  func twoPageblocks() throws {
    let machine = try lowMachine()
    let page = try machine.take(5, .atomic)
    let start = machine.frame(page)
    #expect(machine.type(of: machine.page(start + 16)) == .highAtomic)
    #expect(machine.zone().pointee.highAtomicPages == PageCount(32))
    machine.free(page, 5)
    machine.pages.pointee.checkInvariants()
    let part = try machine.take(4, .atomic)
    #expect(machine.frame(part) / 32 == start / 32)
    machine.pages.pointee.checkInvariants()
  }

  /// Keeps three pageblocks with a block of 4 frames owned in each, and owns all other frames.
  private func exhausted() throws -> (machine: Laboratory, kept: [UInt]) {
    let machine = try lowMachine()
    var kept: [UInt] = []
    var others: [Ref<Page>] = []
    while machine.zone().pointee.highAtomicPages < PageCount(48) {
      let page = try machine.take(2, .atomic)
      if kept.contains(machine.frame(page) / 16) {
        others.append(page)
      } else {
        kept.append(machine.frame(page) / 16)
      }
    }
    for page in others { machine.free(page, 2) }
    machine.setMarks(min: 0, low: 0, high: 0)
    machine.exhaust([.directReclaim])
    return (machine, kept)
  }

  @Test("what is kept serves single frames for those that cannot wait, and nobody else")
  func lastResort() throws {
    let (machine, kept) = try exhausted()
    #expect(machine.zone().pointee.freePages > .zero)
    #expect(throws: AllocationError.outOfMemory) { _ = try machine.take(0, .kernel) }
    #expect(throws: AllocationError.outOfMemory) { _ = try machine.take(0, .userMovable) }
    let page = try machine.take(0, .atomic)
    #expect(kept.contains(machine.frame(page) / 16))
    #expect(try kept.contains(machine.frame(machine.take(0, .noWait)) / 16))
  }

  @Test("reclaim gives kept pageblocks back to whoever waits, the last one before a kill only")
  func releasing() throws {
    let (machine, kept) = try exhausted()
    let relief = ReliefScript()
    relief.serve(machine)
    let free = machine.zone().pointee.freePages.rawValue
    var served: UInt = 0
    while machine.zone().pointee.highAtomicPages > PageCount(16) {
      let page = try machine.take(0, .kernel)
      served += 1
      #expect(kept.contains(machine.frame(page) / 16))
      #expect(!relief.asked.contains(.kill))
    }
    while !relief.asked.contains(.kill), (try? machine.take(0, .kernel)) != nil { served += 1 }
    // All were given out before anybody was killed.
    #expect(machine.zone().pointee.highAtomicPages == .zero)
    #expect(served == free)
    machine.pages.pointee.checkInvariants()
  }

  @Test("free frames that are kept do not count for those who cannot have them")
  func unusable() throws {
    let (machine, kept) = try exhausted()
    let free = machine.zone().pointee.freePages.rawValue
    // One ordinary frame is free. What is kept and owned does not count against it.
    let other = try #require((0x4_0000..<0x4_0F00).first { !kept.contains($0 / 16) })
    machine.free([other])
    machine.setMarks(min: 1, low: 1, high: 1)
    #expect(throws: AllocationError.outOfMemory) { _ = try machine.take(0, .kernel) }
    machine.setMarks(min: 0, low: 0, high: 0)
    #expect(try machine.frame(machine.take(0, .kernel)) == other)
    #expect(machine.zone().pointee.freePages.rawValue == free)
  }

  /// Normal memory above a DMA32 zone, all of it movable with every second frame free.
  private func fragmented() throws -> Laboratory {
    let machine = try Laboratory(small: 1024) { options in
      options.layout.kinds.insert(.dma32)
      options.layout.dma32End = PhysicalAddress(0x4_0200 * 4096)
      options.reserveRatios = [0, 0, 0, 0, 0]
    }
    let normal = machine.zone()
    while normal.pointee.freePages > .zero { _ = try machine.take(0) }
    machine.free(
      stride(from: normal.pointee.range.start.rawValue, to: 0x4_0300, by: 2))
    return machine
  }

  @Test("before pageblocks of the Normal zone are mixed, whole ones of DMA32 are taken")
  func noFragment() throws {
    let machine = try fragmented()
    let before = machine.zone().pointee.statistics.fallbacks
    var fromLower: UInt = 0
    while !machine.list(5, .movable, in: machine.zone(.dma32)).isEmpty {
      #expect(try machine.kind(of: machine.take(fromLower == 0 ? 0 : 5, .kernel)) == .dma32)
      fromLower += 1
    }
    #expect(fromLower == 16)
    while machine.zone(.dma32).pointee.freePages > .zero {
      #expect(try machine.kind(of: machine.take(0, .kernel)) == .dma32)
    }
    #expect(machine.zone().pointee.statistics.fallbacks == before)
    #expect(try machine.kind(of: machine.take(0, .kernel)) == .normal)
    #expect(machine.zone().pointee.statistics.fallbacks == before + 1)
  }

  @Test("movable requests, whose own blocks are there, stay in the Normal zone")
  func movableStays() throws {
    let machine = try fragmented()
    #expect(try machine.kind(of: machine.take(0, .userMovable)) == .normal)
  }

  @Test("below the low marks types are mixed at once")
  func mixedInNeed() throws {
    let machine = try fragmented()
    for kind in [Zone.Kind.dma32, .normal] {
      machine.setMarks(min: 1, low: 5000, high: 6000, of: machine.zone(kind))
    }
    #expect(try machine.kind(of: machine.take(0, .kernel)) == .normal)
  }
}
