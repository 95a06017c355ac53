import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// What a request asks for when memory is short, and when it gives up.
struct SlowPathTests {
  /// A machine with nothing above the minimum, and all but `free` frames owned.
  private func exhausted(
    configure: (inout PageAllocatorOptions) -> Void = { _ in }
  ) throws -> (machine: Laboratory, relief: ReliefScript, owned: [Ref<Page>]) {
    let machine = try Laboratory(small: 1024, configure: configure)
    let owned = machine.exhaust([.directReclaim, .movable])
    let relief = ReliefScript()
    relief.serve(machine)
    return (machine, relief, owned)
  }

  /// A request, and what it asks for when nothing helps.
  struct Vain: Sendable {
    let order: UInt8
    let flags: AllocationFlags
    let needs: [Relief.Need]

    init(_ order: UInt8, _ flags: AllocationFlags, _ needs: [Relief.Need]) {
      self.order = order
      self.flags = flags
      self.needs = needs
    }

    static let single: [Vain] = [
      Vain(0, .userMovable, [.background, .reclaim, .kill]),
      Vain(0, .kernel, [.background, .reclaim, .kill]),
      Vain(0, [.directReclaim, .mayUseFileSystems], [.reclaim, .kill]),
      Vain(0, .atomic, [.background]), Vain(0, .noWait, [.background]), Vain(0, [], []),
      Vain(0, [.kernel, .noRetry], [.background, .reclaim]),
      Vain(0, [.kernel, .retryMayFail], [.background, .reclaim]),
      Vain(0, [.kernel, .thisNode], [.background, .reclaim]),
      Vain(0, [.reclaim, .mayStartIO], [.background, .reclaim]),
      Vain(0, [.kernel, .useReserves], [.background]),
    ]

    /// Of small orders only what cannot move is compacted for before pages are reclaimed.
    static let small: [Vain] = [
      Vain(1, .userMovable, [.background, .reclaim, .compaction, .kill]),
      Vain(2, .atomic, [.background]),
      Vain(3, .kernel, [.background, .compaction, .reclaim, .compaction, .kill]),
      Vain(3, [.kernel, .noRetry], [.background, .compaction, .reclaim, .compaction]),
    ]

    /// Nobody is killed for costly orders, and they are not tried twice.
    static let costly: [Vain] = [
      Vain(4, .userMovable, [.background, .compaction, .reclaim, .compaction]),
      Vain(4, .kernel, [.background, .compaction, .reclaim, .compaction]),
      Vain(4, [.kernel, .noRetry], [.background, .compaction]),
      Vain(4, [.kernel, .retryMayFail], [.background, .compaction, .reclaim, .compaction]),
      Vain(5, .atomic, [.background]),
    ]
  }

  @Test(
    "a request that nothing helps asks for what its flags allow, and fails",
    arguments: Vain.single + Vain.small + Vain.costly)
  func asking(_ vain: Vain) throws {
    let (machine, relief, _) = try exhausted()
    #expect(throws: AllocationError.outOfMemory) {
      _ = try machine.take(vain.order, vain.flags)
    }
    #expect(relief.asked == vain.needs)
    #expect(machine.zone().pointee.freePages == .zero)
    machine.pages.pointee.checkInvariants()
  }

  @Test("nobody is killed for memory of the lower zones")
  func lowerZones() throws {
    let (machine, relief, _) = try exhausted { options in
      options.layout.kinds.insert(.dma32)
      options.layout.dma32End = PhysicalAddress(0x4_0100 * 4096)
      options.reserveRatios = [0, 0, 0, 0, 0]
    }
    #expect(throws: AllocationError.outOfMemory) { _ = try machine.take(0, [.kernel, .dma32]) }
    #expect(relief.asked == [.background, .reclaim])
    relief.forget()
    // This kernel has no DMA zone: such a request is one for Normal memory.
    #expect(throws: AllocationError.outOfMemory) { _ = try machine.take(0, [.kernel, .dma]) }
    #expect(relief.asked == [.background, .reclaim, .kill])
  }

  @Test(
    "each step ends the search when it brings a block",
    arguments: [Relief.Need.background, .compaction, .reclaim, .kill])
  func served(by need: Relief.Need) throws {
    let (machine, relief, _) = try exhausted()
    var hoard = Array(UInt(0x4_0040)..<0x4_0044)
    relief.answer = { asked in
      guard asked == need, !hoard.isEmpty else { return false }
      machine.free(hoard)
      hoard = []
      return true
    }
    let page = try machine.take(2, .kernel)
    #expect(machine.frame(page) == 0x4_0040)
    let rounds: [Relief.Need] = [.background, .compaction, .reclaim, .compaction, .kill]
    switch need {
    case .background: #expect(relief.asked == [.background])
    case .compaction: #expect(relief.asked == [.background, .compaction])
    case .reclaim: #expect(relief.asked == [.background, .compaction, .reclaim])
    // After a kill another round of reclaim finds what it left.
    case .kill: #expect(relief.asked == rounds + [.reclaim])
    }
  }

  @Test("reclaim that makes progress is asked again, and a kill begins another round")
  func rounds() throws {
    let (machine, relief, _) = try exhausted()
    var progress = 3
    var victims = 2
    relief.answer = { need in
      switch need {
      case .reclaim:
        progress -= 1
        return progress >= 0
      case .kill:
        victims -= 1
        return victims >= 0
      default: return false
      }
    }
    #expect(throws: AllocationError.outOfMemory) { _ = try machine.take(0, .kernel) }
    let reclaims = [Relief.Need](repeating: .reclaim, count: 4)
    #expect(
      relief.asked == [.background] + reclaims + [.kill, .reclaim, .kill, .reclaim, .kill])
  }

  @Test("a costly request that may retry ends although reclaim always claims progress")
  func costlyEnds() throws {
    let (machine, relief, _) = try exhausted()
    relief.answer = { $0 == .reclaim }
    #expect(throws: AllocationError.outOfMemory) {
      _ = try machine.take(4, [.kernel, .retryMayFail])
    }
    // Linux: MAX_RECLAIM_RETRIES is 16.
    #expect(relief.asked.filter { $0 == .reclaim }.count == 17)
    #expect(!relief.asked.contains(.kill))
  }

  @Test("one that may not retry is asked for once, progress or not")
  func onlyOnce() throws {
    for flags in [AllocationFlags.kernel, [.kernel, .noRetry]] {
      let (machine, relief, _) = try exhausted()
      relief.answer = { $0 == .reclaim }
      let order: UInt8 = flags.contains(.noRetry) ? 0 : 4
      #expect(throws: AllocationError.outOfMemory) { _ = try machine.take(order, flags) }
      #expect(relief.asked.filter { $0 == .reclaim }.count == 1)
    }
  }

  @Test("before anyone is killed processors give up what they keep")
  func hoards() throws {
    let (machine, relief, owned) = try exhausted { options in
      options.hasPerCPULists = true
      options.processors = 2
    }
    machine.setBatch(7, lowest: 100, highest: 100)
    let choice = ProcessorChoice()
    machine.pages.pointee.processors = choice.source
    choice.current = 1
    for page in owned[..<8] { machine.free(page, 0) }
    #expect(machine.zone().pointee.perCPUCount(of: 1) == 8)
    choice.current = 0
    #expect(throws: AllocationError.outOfMemory) { _ = try machine.take(0, .noWait) }
    _ = try machine.take(0, .userMovable)
    #expect(machine.zone().pointee.perCPUCount(of: 1) == 0)
    #expect(!relief.asked.contains(.kill))
    machine.pages.pointee.checkInvariants()
  }

  @Test("who must not fail asks until there is a victim, and takes the last frame before")
  func noFail() throws {
    let (machine, relief, owned) = try exhausted()
    machine.free(owned[7], 0)
    machine.setMarks(min: 40, low: 60, high: 80)
    #expect(try machine.take(0, [.kernel, .noFail]) == owned[7])
    #expect(relief.asked.first == .background)
    relief.forget()
    machine.setMarks(min: 0, low: 0, high: 0)
    var refusals = 5
    relief.answer = { need in
      refusals -= 1
      guard need == .kill else { return refusals > 0 }
      machine.free(owned[9], 0)
      return true
    }
    #expect(try machine.take(0, [.kernel, .noFail]) == owned[9])
    #expect(relief.asked.suffix(2) == [.kill, .reclaim])
  }

  @Test("relief learns the order and the flags of the request")
  func arguments() throws {
    let (machine, _, _) = try exhausted()
    let seen = UnsafeMutablePointer<(UInt8, UInt32)>.allocate(capacity: 1)
    defer { unsafe seen.deallocate() }
    unsafe seen.initialize(to: (0, 0))
    machine.pages.pointee.relief = unsafe Relief(context: seen) { context, _, order, flags in
      unsafe context?.storeBytes(of: (order, flags), as: (UInt8, UInt32).self)
      return false
    }
    #expect(throws: AllocationError.outOfMemory) { _ = try machine.take(3, [.kernel, .zeroed]) }
    #expect(unsafe seen.pointee.0 == 3)
    #expect(unsafe seen.pointee.1 == ([.kernel, .zeroed] as AllocationFlags).rawValue)
    machine.pages.pointee.relief = nil
  }

  @Test("background reclaim wakes when the rest of a pageblock was mixed, though memory is ample")
  func woken() throws {
    let machine = try Laboratory(small: 1024)
    let blocks = machine.fillUnmovable()
    for block in blocks {
      machine.free(stride(from: block.start.rawValue, to: block.end.rawValue, by: 2))
    }
    machine.setMarks(min: 0, low: 0, high: 100)
    let relief = ReliefScript()
    relief.serve(machine)
    _ = try machine.take(0, [.directReclaim])
    #expect(relief.asked.isEmpty)
    _ = try machine.take(0, .userMovable)
    #expect(relief.asked == [.background])
  }
}
