import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Which zones serve a request, and what they keep back.
struct ZoneTests {
  /// The zones of an x86-64 kernel in small: DMA 64 frames, DMA32 448, Normal the rest.
  private func x86(
    frames: UInt = 1024, configure: (inout PageAllocatorOptions) -> Void = { _ in }
  ) throws -> Laboratory {
    try Laboratory(
      small: frames,
      configure: { options in
        options.layout = ZoneLayout(
          pageSize: .size4K, kinds: [.dma, .dma32],
          dmaEnd: PhysicalAddress(0x4_0040 * 4096), dma32End: PhysicalAddress(0x4_0200 * 4096))
        configure(&options)
      })
  }

  /// The zones of an i386 kernel in small: DMA 64 frames, Normal 448, HighMem the rest.
  private func i386() throws -> Laboratory {
    try Laboratory(
      small: 1024,
      configure: { options in
        options.layout = ZoneLayout(
          pageSize: .size4K, kinds: [.dma, .highMemory],
          dmaEnd: PhysicalAddress(0x4_0040 * 4096), lowMemoryEnd: PhysicalAddress(0x4_0200 * 4096))
      })
  }

  @Test("the zone flags of a request name the highest zone it may have")
  func highest() throws {
    let cases: [(AllocationFlags, x86: Zone.Kind, i386: Zone.Kind)] = [
      (.kernel, .normal, .normal), ([.kernel, .movable], .normal, .normal),
      (.atomic, .normal, .normal), ([.kernel, .dma], .dma, .dma),
      ([.kernel, .dma32], .dma32, .normal), ([.kernel, .dma, .movable], .dma, .dma),
      ([.kernel, .dma32, .movable], .dma32, .normal),
      ([.kernel, .highMemory], .normal, .highMemory), (.userMovable, .normal, .highMemory),
    ]
    let (x86, i386) = (try x86(), try i386())
    for (flags, one, other) in cases {
      #expect(try x86.kind(of: x86.take(0, flags)) == one)
      #expect(try i386.kind(of: i386.take(0, flags)) == other)
    }
    x86.pages.pointee.checkInvariants()
    i386.pages.pointee.checkInvariants()
  }

  @Test("when a zone is used up its requests go to the next lower one, and never up")
  func downwards() throws {
    let machine = try x86(configure: { $0.reserveRatios = [0, 0, 0, 0, 0] })
    let sizes = [Zone.Kind.dma, .dma32, .normal].map { machine.zone($0).pointee.freePages.rawValue }
    let all = machine.exhaust([.kernel, .movable]).map { machine.kind(of: $0).rawValue }
    #expect(all.count == Int(sizes.reduce(0, +)))
    let isDescending = zip(all, all.dropFirst()).allSatisfy { $0 >= $1 }
    #expect(isDescending)
    let other = try x86(configure: { $0.reserveRatios = [0, 0, 0, 0, 0] })
    #expect(other.exhaust([.kernel, .dma32]).count == Int(sizes[0] + sizes[1]))
    #expect(other.zone().pointee.freePages.rawValue == sizes[2])
    let third = try i386()
    #expect(third.exhaust([.kernel, .dma]).count == 64)
  }

  @Test("a lower zone keeps a part of the higher ones from requests that these could serve")
  func reserve() throws {
    let machine = try x86(configure: { $0.reserveRatios = [8, 4, 0, 0, 0] })
    let normal = machine.zone().pointee.managedPages.rawValue
    let dma32 = machine.zone(.dma32).pointee.managedPages.rawValue
    machine.exhaust(.kernel)
    #expect(machine.zone().pointee.freePages == .zero)
    #expect(machine.zone(.dma32).pointee.freePages.rawValue == normal / 4)
    // (normal + dma32) / 8 is more than the zone has, so it is not touched.
    #expect((normal + dma32) / 8 > 64)
    #expect(machine.zone(.dma).pointee.freePages == PageCount(64))
    machine.exhaust([.kernel, .dma32])
    #expect(machine.zone(.dma32).pointee.freePages == .zero)
    #expect(machine.zone(.dma).pointee.freePages.rawValue == 64 - (64 - dma32 / 8))
    machine.exhaust([.kernel, .dma])
    #expect(machine.zone(.dma).pointee.freePages == .zero)
    machine.pages.pointee.checkInvariants()
  }

  @Test("the reserve of a zone counts for the reach of the request, not for where it looks first")
  func reserveByReach() throws {
    let machine = try i386()
    let high = machine.zone(.highMemory).pointee.managedPages.rawValue
    // Normal keeps a 32nd of HighMem from those that may be in HighMem.
    machine.exhaust(.userMovable)
    #expect(machine.zone(.highMemory).pointee.freePages == .zero)
    #expect(machine.zone().pointee.freePages.rawValue == high / 32)
    #expect(try machine.kind(of: machine.take(0, .kernel)) == .normal)
  }

  @Test("only what can move and be in high memory gets the movable zone")
  func movableZone() throws {
    let machine = try Laboratory(
      small: 1024,
      configure: { options in
        options.movable = .pages(kernel: PageCount(512), movable: .zero)
      })
    let movable = machine.zone(.movable)
    let size = movable.pointee.freePages
    #expect(size > PageCount(400))
    #expect(machine.zone().pointee.range.end == movable.pointee.range.start)
    #expect(try machine.kind(of: machine.take(0, .userMovable)) == .movable)
    for flags in [AllocationFlags.kernel, [.kernel, .movable], [.kernel, .highMemory]] {
      #expect(try machine.kind(of: machine.take(0, flags)) == .normal)
    }
    machine.exhaust(.kernel)
    machine.exhaust([.kernel, .movable])
    #expect(movable.pointee.freePages == size - PageCount(1))
    machine.exhaust(.userMovable)
    #expect(movable.pointee.freePages == .zero)
    machine.pages.pointee.checkInvariants()
  }

  @Test("blocks do not merge across the border of two zones")
  func borders() throws {
    let machine = try Laboratory(
      small: 1024,
      configure: { options in
        options.layout = ZoneLayout(
          pageSize: .size4K, kinds: [.dma32], dma32End: PhysicalAddress(0x4_0108 * 4096))
      })
    machine.pages.pointee.checkInvariants()
    #expect(machine.list(3, .movable, in: machine.zone(.dma32)) == [0x4_0100])
    #expect(machine.list(3, .movable, in: machine.zone()).contains(0x4_0108))
    let pages = machine.exhaust(.kernel)
    // The pageblock of both zones is nobody's to claim.
    #expect(machine.pages.pointee.pageblocks[PageFrameNumber(0x4_0100)] == .movable)
    for page in pages { machine.free(page, 0) }
    machine.pages.pointee.checkInvariants()
    #expect(machine.list(3, .movable, in: machine.zone(.dma32)) == [0x4_0100])
  }
}
