import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// How far down each kind of request may take the free frames of a zone.
struct WatermarkTests {
  private func machine(boost: UInt = 0) throws -> Laboratory {
    let machine = try Laboratory(small: 1024)
    machine.setMarks(min: 40, low: 60, high: 80, boost: boost)
    return machine
  }

  /// A kind of request, and how many frames it leaves when the minimum is 40.
  struct Depth: Sendable {
    let flags: AllocationFlags
    let rest: UInt

    init(_ flags: AllocationFlags, _ rest: UInt) {
      self.flags = flags
      self.rest = rest
    }

    /// Half of the minimum for some; who cannot wait either gets a quarter of the rest.
    static let all: [Depth] = [
      Depth(.kernel, 40), Depth(.userMovable, 40), Depth(.noWait, 40), Depth([], 40),
      Depth([.kernel, .noRetry], 40), Depth([.kernel, .retryMayFail], 40),
      Depth([.kernel, .highPriority], 20), Depth(.atomic, 15), Depth([.atomic, .noReserves], 20),
      Depth([.kernel, .useReserves], 0), Depth([.atomic, .useReserves], 0),
      Depth([.kernel, .useReserves, .noReserves], 40),
    ]
  }

  @Test(
    "without relief a request stops at its mark, or as deep in the reserve as its flags allow",
    arguments: Depth.all)
  func depth(_ depth: Depth) throws {
    let machine = try machine()
    machine.exhaust(depth.flags)
    #expect(machine.zone().pointee.freePages == PageCount(depth.rest))
    machine.pages.pointee.checkInvariants()
  }

  @Test("a boost raises the marks of all but single frames for those with a right to reserves")
  func boost() throws {
    for (flags, rest) in [(AllocationFlags.kernel, UInt(50)), (.atomic, 15)] {
      let machine = try machine(boost: 10)
      machine.exhaust(flags)
      #expect(machine.zone().pointee.freePages == PageCount(rest))
    }
    let machine = try machine(boost: 100)
    while (try? machine.take(1, .atomic)) != nil {}
    // 140 less a half and a quarter of it is 53; the other frame of the block counts as used.
    #expect((53...54).contains(machine.zone().pointee.freePages.rawValue))
  }

  @Test("the background reclaim is woken when a request finds no more than the low mark")
  func waking() throws {
    let machine = try machine()
    let relief = ReliefScript()
    relief.serve(machine)
    while machine.zone().pointee.freePages > PageCount(60) { _ = try machine.take(0, .kernel) }
    #expect(relief.asked.isEmpty)
    _ = try machine.take(0, .kernel)
    #expect(relief.asked == [.background])
    _ = try machine.take(0, [.directReclaim])
    #expect(relief.asked == [.background])
    #expect(machine.zone().pointee.freePages == PageCount(58))
  }

  @Test("a block needs its other frames above the mark too, and a free block of its order")
  func orders() throws {
    let machine = try machine()
    machine.exhaust(.kernel)
    machine.free([0x4_0000, 0x4_0001, 0x4_0002])
    // 43 are free: a pair would leave 41, but its second frame counts as gone already.
    #expect(throws: AllocationError.outOfMemory) { _ = try machine.take(2, .kernel) }
    _ = try machine.take(1, .kernel)
    let other = try self.machine()
    other.exhaust(.kernel)
    other.exhaust([.kernel, .useReserves])
    other.free(stride(from: 0x4_0000, to: 0x4_0200, by: 2))
    #expect(other.zone().pointee.freePages == PageCount(256))
    #expect(throws: AllocationError.outOfMemory) { _ = try other.take(1, .kernel) }
    #expect(throws: AllocationError.outOfMemory) { _ = try other.take(1, [.kernel, .useReserves]) }
    _ = try other.take(0, .kernel)
  }

  @Test("a zone above its marks is used before another one's reserve")
  func reservesLast() throws {
    let machine = try Laboratory(
      small: 1024,
      configure: { options in
        options.layout = ZoneLayout(
          pageSize: .size4K, kinds: [.dma], dmaEnd: PhysicalAddress(0x4_0100 * 4096))
        options.reserveRatios = [0, 0, 0, 0, 0]
      })
    machine.setMarks(min: 2000, low: 2000, high: 2000)
    machine.setMarks(min: 10, low: 2000, high: 2000, of: machine.zone(.dma))
    #expect(try machine.kind(of: machine.take(0, [.kernel, .useReserves])) == .dma)
  }

  @Test("what processors counted and did not tell is not seen by the marks")
  func lag() throws {
    let machine = try Laboratory(small: 1024)
    machine.exhaust([.kernel, .movable])
    machine.free([0x4_0000, 0x4_0008])
    machine.setMarks(min: 1, low: 1, high: 1)
    machine.zone().pointee.restoreLag(of: 0, free: 1, freeCMA: 0)
    #expect(throws: AllocationError.outOfMemory) { _ = try machine.take(0) }
    machine.pages.pointee.checkInvariants()
    machine.pages.pointee.decayPerCPULists(of: 0)
    _ = try machine.take(0)
    machine.pages.pointee.checkInvariants()
  }

  @Test("counts lag behind by as much as the machine's size allows, and no more")
  func threshold() throws {
    let machine = try Laboratory(small: 1024, configure: { $0.hasExactCounts = false })
    let limit = StatisticsThreshold.pages(
      managed: machine.zone().pointee.managedPages, processors: 1, .size4K)
    #expect(limit > 0)
    machine.exhaust([.kernel, .movable])
    // The zone says that the last ones are there, or that they are not.
    #expect(machine.zone().pointee.freePages <= PageCount(limit))
    machine.pages.pointee.checkInvariants()
  }
}
