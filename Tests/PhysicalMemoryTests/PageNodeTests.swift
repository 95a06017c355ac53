import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Which node's memory a request gets.
struct PageNodeTests {
  /// Three nodes of 512, 256 and 256 frames with a DMA32 zone that ends in the middle of the first.
  @safe
  private final class Machine {
    let laboratory: Laboratory
    let choice = ProcessorChoice()
    private let table: UnsafeMutablePointer<UInt8>

    /// Node 0 is near to 2 and far from 1.
    init(hasDistances: Bool = true, hasNodeOneProcessor: Bool = true) throws {
      let table = UnsafeMutablePointer<UInt8>.allocate(capacity: 9)
      unsafe self.table = unsafe table
      var distances = unsafe NodeDistances(table, count: 3)
      for (from, to, distance) in [(Int32(0), Int32(1), UInt64(40)), (0, 2, 20), (1, 2, 30)] {
        precondition(distances.set(from: from, to: to, distance))
        precondition(distances.set(from: to, to: from, distance))
      }
      laboratory = try Laboratory(
        small: 1024,
        configure: { options in
          options.layout = ZoneLayout(
            pageSize: .size4K, kinds: [.dma32], dma32End: PhysicalAddress(0x4_0100 * 4096))
          options.reserveRatios = [0, 0, 0, 0, 0]
          options.processors = 3
          if hasDistances { options.distances = distances }
        },
        prepare: { memblock throws(AllocationError) in
          try memblock.setNode(PhysicalRange(Self.frames(1)), 1)
          try memblock.setNode(PhysicalRange(Self.frames(2)), 2)
        })
      laboratory.pages.pointee.processors = choice.source
      if hasNodeOneProcessor { laboratory.pages.pointee.place(processor: 1, near: 1) }
      laboratory.pages.pointee.place(processor: 2, near: 2)
    }

    deinit { unsafe table.deallocate() }

    static func frames(_ node: Int) -> FrameRange {
      let start: [UInt] = [0x4_0000, 0x4_0200, 0x4_0300, 0x4_0400]
      return FrameRange(PageFrameNumber(start[node]), PageFrameNumber(start[node + 1]))
    }

    /// The nodes and zones that serve all that can be had, each once, in order.
    func order(
      _ flags: AllocationFlags = .kernel, _ policy: NodePolicy = .local, from processor: Int = 0
    ) -> [String] {
      choice.current = processor
      var order: [String] = []
      for page in laboratory.exhaust(flags, from: policy) {
        let name = "\(page.pointee.node) \(laboratory.kind(of: page).name)"
        if order.last != name { order.append(name) }
      }
      laboratory.pages.pointee.checkInvariants()
      return order
    }
  }

  @Test("each page knows the node and the zone that its frame is of")
  func pages() throws {
    let machine = try Machine()
    for page in machine.laboratory.exhaust(.kernel) {
      let frame = machine.laboratory.pages.pointee.frame(of: page)
      #expect(Machine.frames(Int(page.pointee.node)).contains(frame))
      #expect(machine.laboratory.zone(of: page).pointee.range.contains(frame))
    }
  }

  @Test("a request begins on the node of its processor and goes on with the nearest")
  func distances() throws {
    #expect(try Machine().order() == ["0 Normal", "0 DMA32", "2 Normal", "1 Normal"])
    #expect(try Machine().order(from: 1) == ["1 Normal", "2 Normal", "0 Normal", "0 DMA32"])
    #expect(try Machine().order(from: 2) == ["2 Normal", "0 Normal", "0 DMA32", "1 Normal"])
  }

  @Test("without distances the nodes follow by number, round from the processor's own")
  func noDistances() throws {
    let order = try Machine(hasDistances: false).order(from: 1)
    #expect(order == ["1 Normal", "2 Normal", "0 Normal", "0 DMA32"])
  }

  @Test("processors are spread over the nodes until they are placed")
  func unplaced() throws {
    let machine = try Machine(hasNodeOneProcessor: false)
    #expect(machine.order(from: 1).first == "1 Normal")
    machine.laboratory.pages.pointee.place(processor: 1, near: 2)
    machine.choice.current = 1
    machine.laboratory.free([0x4_0340])
    machine.laboratory.free([0x4_0140])
    #expect(try machine.laboratory.frame(machine.laboratory.take(0, .kernel)) == 0x4_0340)
  }

  @Test("a request for this node only has nothing of another")
  func thisNode() throws {
    let flags: AllocationFlags = [.kernel, .thisNode]
    #expect(try Machine().order(flags, from: 1) == ["1 Normal"])
    #expect(try Machine().order(flags, .preferring(2)) == ["2 Normal"])
    #expect(try Machine().order(flags) == ["0 Normal", "0 DMA32"])
  }

  @Test("a policy binds a request to nodes, or begins elsewhere")
  func policies() throws {
    #expect(try Machine().order(.kernel, .bound(to: 0b110)) == ["2 Normal", "1 Normal"])
    #expect(try Machine().order(.kernel, .bound(to: 0b010), from: 2) == ["1 Normal"])
    #expect(try Machine().order(.kernel, .bound(to: 0)) == [])
    #expect(
      try Machine().order(.kernel, .preferring(1))
        == ["1 Normal", "2 Normal", "0 Normal", "0 DMA32"])
    #expect(try Machine().order([.kernel, .dma32], .bound(to: 0b110)) == [])
  }

  @Test("near memory of mixed types is taken before far memory that is whole")
  func nearBeforePure() throws {
    let machine = try Machine()
    let laboratory = machine.laboratory
    while laboratory.zone(.dma32).pointee.freePages > .zero
      || laboratory.zone().pointee.freePages > .zero
    {
      _ = try laboratory.take(0, [.kernel, .movable, .thisNode])
    }
    laboratory.free(stride(from: 0x4_0140, to: 0x4_0180, by: 2))
    let page = try laboratory.take(0, .kernel)
    #expect(page.pointee.node == 0)
    #expect(laboratory.zone().pointee.statistics.fallbacks == 1)
  }

  @Test("the near node of a bound request is the first that it may have")
  func nearOfBound() throws {
    let machine = try Machine()
    let laboratory = machine.laboratory
    machine.choice.current = 1
    // Node 0 is fragmented above and whole below; nodes 1 and 2 are not allowed.
    let normal = laboratory.zone()
    while normal.pointee.freePages > .zero {
      _ = try laboratory.take(0, [.kernel, .movable], .bound(to: 1))
    }
    laboratory.free(stride(from: 0x4_0140, to: 0x4_0180, by: 2))
    let page = try laboratory.take(0, .kernel, .bound(to: 1))
    #expect(laboratory.kind(of: page) == .dma32)
    #expect(normal.pointee.statistics.fallbacks == 0)
  }

  @Test("nodes whose spans overlap keep their frames apart")
  func interleaved() throws {
    let machine = try Laboratory(
      small: 1024,
      prepare: { memblock throws(AllocationError) in
        for start in stride(from: UInt(0x4_0010), to: 0x4_0300, by: 32) {
          let frames = FrameRange(PageFrameNumber(start), PageFrameNumber(start + 16))
          try memblock.setNode(PhysicalRange(frames), 1)
        }
      })
    machine.pages.pointee.checkInvariants()
    let near = machine.exhaust([.kernel, .thisNode])
    let far = machine.exhaust([.kernel, .thisNode], from: .preferring(1))
    #expect(far.allSatisfy { machine.frame($0) / 16 % 2 == 1 && $0.pointee.node == 1 })
    #expect(far.count == (0x300 - 0x10 + 16) / 32 * 16)
    #expect(near.allSatisfy { $0.pointee.node == 0 })
    #expect(machine.pages.pointee.freePageCount == .zero)
    for page in near + far { machine.free(page, 0) }
    machine.pages.pointee.checkInvariants()
  }
}

extension Laboratory {
  fileprivate func take(
    _ order: UInt8, _ flags: AllocationFlags, _ policy: NodePolicy
  ) throws -> Ref<Page> {
    try pages.pointee.allocatePages(order: Order(order), flags: flags, on: policy)
  }
}
