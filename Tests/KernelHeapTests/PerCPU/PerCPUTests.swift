import KernelHeap
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

struct PerCPUTests {
  @Test("a machine of one processor has the units of Linux's boot message")
  func layoutOfOne() {
    let layout = PerCPULayout(
      staticSize: ByteCount(233_472), atomSize: ByteCount(2 << 20), processors: 1,
      pageSize: .size4K)
    #expect(layout.unitSize == ByteCount(2_097_152))
    #expect(layout.dynamicSize == ByteCount(28_672))
    #expect(layout.usedSize == ByteCount(66 * 4096))
  }

  @Test("units of several processors share an atom as far as they fit evenly")
  func layoutOfMany() {
    func unit(_ processors: Int) -> UInt {
      PerCPULayout(
        staticSize: ByteCount(180_000), atomSize: ByteCount(2 << 20), processors: processors,
        pageSize: .size4K
      ).unitSize.rawValue
    }
    #expect(unit(2) == 1 << 20)
    #expect(unit(4) == 512 << 10)
    #expect(unit(8) == 256 << 10)
    #expect(unit(64) == 256 << 10)
  }

  @Test("no atom has units of two nodes, and an odd end of the static data is the dynamic area's")
  func layoutOfNodes() {
    func layout(_ groups: Int) -> PerCPULayout {
      PerCPULayout(
        staticSize: ByteCount(180_001), atomSize: ByteCount(2 << 20), processors: 4,
        groups: groups, pageSize: .size4K)
    }
    #expect(layout(1).unitSize == ByteCount(512 << 10))
    #expect(layout(2).unitSize == ByteCount(1 << 20))
    #expect(layout(4).unitSize == ByteCount(2 << 20))
    #expect(layout(1).staticSize == ByteCount(180_001))
    #expect(layout(1).usedSize.rawValue % 4096 == 0)
  }

  @Test("every processor has its own, at the distance of a unit, cleared")
  func distances() throws {
    let lab = try PerCPULaboratory()
    let allocator = lab.allocator
    let address = try allocator.pointee.allocate(ByteCount(24))
    let unit = allocator.pointee.layout.unitSize.rawValue
    for processor in 0..<3 {
      let pointer = unsafe allocator.pointee.pointer(to: address, of: processor)
      #expect(UInt(bitPattern: pointer) == address.rawValue + UInt(processor) * unit)
      #expect(unsafe pointer.load(as: UInt.self) == 0)
      unsafe pointer.storeBytes(of: UInt(processor), as: UInt.self)
    }
    for processor in 0..<3 {
      let pointer = unsafe allocator.pointee.pointer(to: address, of: processor)
      #expect(unsafe pointer.load(as: UInt.self) == UInt(processor))
    }
    #expect(allocator.pointee.size(of: address) == ByteCount(24))
    #expect(throws: SlabCacheError.objectsRemain(1)) { try allocator.pointee.destroy() }
    allocator.pointee.free(address)
    try lab.end()
  }

  @Test("the dynamic area starts behind the static and the reserved one and is filled from there")
  func order() throws {
    let lab = try PerCPULaboratory()
    let allocator = lab.allocator
    let start = allocator.pointee.staticArea.rawValue
    let first = try allocator.pointee.allocate(ByteCount(4), alignment: ByteCount(4))
    let second = try allocator.pointee.allocate(ByteCount(6), alignment: ByteCount(4))
    let third = try allocator.pointee.allocate(ByteCount(64), alignment: ByteCount(64))
    let reserved = try allocator.pointee.allocateReserved(ByteCount(16), alignment: ByteCount(4))
    #expect(first.rawValue - start == 5004 + 8192)
    #expect(second.rawValue - first.rawValue == 4)
    #expect(third.rawValue % 64 == 0)
    #expect(reserved.rawValue - start == 5004)
    for address in [first, second, third, reserved] { allocator.pointee.free(address) }
    allocator.pointee.checkInvariants()
    try lab.end()
  }

  @Test("sizes and alignments out of range are refused and change nothing")
  func refusals() throws {
    let lab = try PerCPULaboratory()
    let allocator = lab.allocator
    for (size, alignment) in [(0, 8), (32 * 1024 + 1, 8), (8, 8192), (8, 24)] as [(UInt, UInt)] {
      #expect(throws: AllocationError.outOfMemory) {
        try allocator.pointee.allocate(ByteCount(size), alignment: ByteCount(alignment))
      }
    }
    allocator.pointee.checkInvariants()
    try lab.end()
  }

  @Test("who cannot wait gets what has frames, and balancing makes more of it")
  func atomic() throws {
    let lab = try PerCPULaboratory()
    let allocator = lab.allocator
    var living: [PerCPUAddress] = []
    while let address = try? allocator.pointee.allocate(ByteCount(512), flags: .atomic) {
      living.append(address)
    }
    #expect(lab.space.areaCount == 0)
    #expect(allocator.pointee.wantsBalance == true)
    allocator.pointee.balance()
    #expect(lab.space.areaCount == 1)
    #expect(lab.space.mappedCount == 4 * 3)
    for _ in 0..<32 {
      living.append(try allocator.pointee.allocate(ByteCount(512), flags: .atomic))
    }
    #expect(throws: AllocationError.outOfMemory) {
      try allocator.pointee.allocate(ByteCount(512), flags: .atomic)
    }
    allocator.pointee.checkInvariants()
    for address in living { allocator.pointee.free(address) }
    try lab.end()
  }

  @Test("frames of empty pages go back and free chunks end", arguments: [true, false])
  func shrinking(hasSpace: Bool) throws {
    let lab = try PerCPULaboratory(hasSpace: hasSpace)
    let allocator = lab.allocator
    var living: [PerCPUAddress] = []
    for _ in 0..<200 { living.append(try allocator.pointee.allocate(ByteCount(4096))) }
    let most = allocator.pointee.pageCount
    for address in living { allocator.pointee.free(address) }
    #expect(allocator.pointee.wantsBalance == true)
    allocator.pointee.balance()
    allocator.pointee.checkInvariants()
    #expect(allocator.pointee.pageCount.rawValue * 4 < most.rawValue)
    if hasSpace { #expect(lab.space.areaCount <= 1) }
    try lab.end()
  }

  @Test("statistics have Linux's form")
  func text() throws {
    let lab = try PerCPULaboratory(processors: 1)
    let allocator = lab.allocator
    let small = try allocator.pointee.allocate(ByteCount(8))
    let gap = try allocator.pointee.allocate(ByteCount(16))
    let large = try allocator.pointee.allocate(ByteCount(100))
    allocator.pointee.free(gap)
    var sink = TextCollector()
    allocator.pointee.writeStatistics(to: &sink)
    let lines = sink.text.split(separator: "\n").map(String.init)
    let rule = String(repeating: "-", count: 40)
    #expect(lines[0...2] == ["Percpu Memory Statistics", "Allocation Info:", rule])
    #expect(lines[3] == "  unit_size           :        45056")
    #expect(lines[4] == "  static_size         :         5003")
    #expect(lines[6] == "  dyn_size            :        31861")
    let total = try #require(lines.firstIndex(of: "Global Stats:"))
    #expect(lines[total + 3] == "  nr_dealloc          :            1")
    let names = lines.filter { $0.contains(":  ") }.map {
      String($0.dropFirst(2).prefix { $0 != " " })
    }
    #expect(names == Self.layoutNames + Self.totalNames + Self.chunkNames + Self.chunkNames)
    let first = try #require(lines.firstIndex(of: "Chunk: <- First Chunk"))
    #expect(lines[first + 1] == "  nr_alloc            :            2")
    #expect(lines[first + 7] == "  sum_frag            :           20")
    #expect(lines[first + 9] == "  cur_min_alloc       :            8")
    // The lower of the two in the middle.
    #expect(lines[first + 10] == "  cur_med_alloc       :            8")
    #expect(lines[first + 11] == "  cur_max_alloc       :          100")
    #expect(sink.text.contains("Chunk: <- Reserved Chunk\n"))
    allocator.pointee.free(small)
    allocator.pointee.free(large)
    try lab.end()
  }

  private static let layoutNames = [
    "unit_size", "static_size", "reserved_size", "dyn_size", "atom_size", "alloc_size",
  ]
  private static let totalNames = [
    "nr_alloc", "nr_dealloc", "nr_cur_alloc", "nr_max_alloc", "nr_chunks", "nr_max_chunks",
    "min_alloc_size", "max_alloc_size", "empty_pop_pages",
  ]
  private static let chunkNames = [
    "nr_alloc", "max_alloc_size", "empty_pop_pages", "first_bit", "free_bytes", "contig_bytes",
    "sum_frag", "max_frag", "cur_min_alloc", "cur_med_alloc", "cur_max_alloc",
  ]

  @Test("an area that ends with the chunk is shown without its last unit, as Linux shows it")
  func lastUnit() throws {
    let lab = try PerCPULaboratory()
    let whole = try lab.allocator.pointee.allocate(ByteCount(31_860), alignment: ByteCount(4))
    var sink = TextCollector()
    lab.allocator.pointee.writeStatistics(to: &sink)
    #expect(sink.text.contains("  max_alloc_size      :        31860\n"))
    #expect(sink.text.contains("  cur_max_alloc       :        31856\n"))
    lab.allocator.pointee.free(whole)
    try lab.end()
  }

  @Test("whatever frame cannot be had, nothing changes")
  func failures() throws {
    let lab = try PerCPULaboratory()
    let allocator = lab.allocator
    // What the first units have to give.
    var kept: [PerCPUAddress] = []
    while lab.space.areaCount == 0 { kept.append(try allocator.pointee.allocate(ByteCount(4096))) }
    allocator.pointee.free(kept.removeLast())
    forEachFault { plan in
      lab.machine.pages.pointee.faultPlan = plan
      let large = try? allocator.pointee.allocate(ByteCount(32 << 10))
      let failures = lab.machine.pages.pointee.faultPlan.failureCount
      lab.machine.pages.pointee.faultPlan = .none
      allocator.pointee.checkInvariants()
      #expect((large == nil) == (failures > 0))
      if let large { allocator.pointee.free(large) }
      return failures
    }
    lab.space.mapsLeft = 4
    while let large = try? allocator.pointee.allocate(ByteCount(4096)) { kept.append(large) }
    #expect(lab.space.mapsLeft == 0)
    allocator.pointee.checkInvariants()
    for address in kept { allocator.pointee.free(address) }
    try lab.end()
  }

  @Test("an allocator that cannot be made keeps nothing")
  func failureAtBoot() throws {
    let machine = try Laboratory()
    try forEachFault { plan in
      machine.pages.pointee.faultPlan = plan
      if let made = try? PerCPUAllocator(PerCPULaboratory.layout(2), pages: machine.pages) {
        machine.pages.pointee.faultPlan = .none
        try made.destroy()
        #expect(machine.isAsAtBoot)
        return 0
      }
      #expect(machine.isAsAtBoot)
      return machine.pages.pointee.faultPlan.failureCount
    }
  }

  @Test("threads that allocate and free leave nothing behind")
  func threads() throws {
    let lab = try PerCPULaboratory(frames: 8192)
    let allocator = lab.allocator
    inThreads(4) { thread in
      var generator = SeededGenerator(seed: UInt64(thread))
      var living: [PerCPUAddress] = []
      for step in 0..<4_000 {
        if living.count < 60, generator.next(below: 2) == 0 {
          let size = ByteCount(UInt(generator.next(below: 900)) + 8)
          let flags: AllocationFlags = step % 3 == 0 ? .atomic : .kernel
          guard let address = try? allocator.pointee.allocate(size, flags: flags) else { continue }
          for n in 0..<3 {
            unsafe allocator.pointee.pointer(to: address, of: n)
              .storeBytes(of: UInt(thread), as: UInt.self)
          }
          living.append(address)
        } else if let address = living.popLast() {
          for n in 0..<3 {
            let word = unsafe allocator.pointee.pointer(to: address, of: n).load(as: UInt.self)
            precondition(word == UInt(thread), "two threads own one area")
          }
          allocator.pointee.free(address)
        }
        if step % 64 == 0 { allocator.pointee.balance() }
      }
      for address in living { allocator.pointee.free(address) }
    }
    allocator.pointee.checkInvariants()
    try lab.end()
  }
}
