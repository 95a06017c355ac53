import Machine
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Whose frames the descriptors fill.
struct DescriptorPlaceTests {
  /// 4096 frames in three nodes of 2048, 1024 and 1024, booted with a window. A section has 256
  /// frames, whose descriptors fill 4.
  @safe
  private final class Machine {
    static let start: UInt = 0x4_0000
    private let memory: UnsafeMutableRawPointer
    private let window: UnsafeMutableRawPointer
    let pages: Ref<PageAllocator>
    /// The frames that memblock has reserved.
    let reserved: [FrameRange]

    init(
      hasWindow: Bool = true,
      prepare: (inout Memblock) throws(AllocationError) -> Void = { _ throws(AllocationError) in }
    ) throws {
      let bytes = 4096 * 4096
      unsafe memory = .allocate(byteCount: bytes, alignment: 4096)
      unsafe memory.initializeMemory(as: UInt8.self, repeating: 0xA5, count: bytes)
      let map = unsafe DirectMap(
        base: memory, start: PhysicalAddress(UInt64(Self.start) << 12),
        count: ByteCount(UInt(bytes)), pageSize: .size4K)
      var memblock = try Memblock.describing(map)
      try memblock.setNode(Self.range(2048..<3072), 1)
      try memblock.setNode(Self.range(3072..<4096), 2)
      try prepare(&memblock)
      let options = PageAllocatorOptions.plain(pageSize: .size4K)
      let size = PageAllocator.homeSize(memblock: memblock, directMap: map, options: options)
      unsafe window = .allocate(byteCount: Int(size.rawValue), alignment: 64)
      unsafe window.initializeMemory(as: UInt8.self, repeating: 0, count: Int(size.rawValue))
      pages = try PageAllocator.boot(
        memblock: &memblock, directMap: map, options: options,
        home: hasWindow ? unsafe BootHome(window: window, sectionOrder: Order(8)) : nil)
      reserved = (0..<memblock.reserved.count).map {
        memblock.reserved[$0].range.wholeFrames(.size4K)
      }
    }

    deinit {
      unsafe memory.deallocate()
      unsafe window.deallocate()
    }

    static func range(_ frames: Range<UInt>) -> PhysicalRange {
      PhysicalRange(
        FrameRange(
          PageFrameNumber(start + frames.lowerBound), PageFrameNumber(start + frames.upperBound)))
    }

    /// The frames of a node that the allocator did not get.
    func kept(_ node: Int) -> UInt {
      let range = pages.pointee.nodes[node].pointee.range
      return range.count.rawValue - managed(node)
    }

    private func managed(_ node: Int) -> UInt {
      pages.pointee.zones.filter { $0.pointee.node == UInt8(node) }
        .reduce(0) { $0 + $1.pointee.managedPages.rawValue }
    }
  }

  @Test("the descriptors of each node fill frames of that node")
  func ownNode() throws {
    let machine = try Machine()
    #expect(machine.kept(0) == 8 * 4)
    #expect(machine.kept(1) == 4 * 4)
    #expect(machine.pages.pointee.descriptorPages == PageCount(64))
    let blocks = [(0, UInt(32)), (1, 16), (2, 16)]
    for (node, size) in blocks {
      let range = machine.pages.pointee.nodes[node].pointee.range
      let own = machine.reserved.filter { range.contains($0.start) }
      #expect(own.allSatisfy { $0.end <= range.end })
      #expect(own.contains { $0.count.rawValue >= size })
    }
    machine.pages.pointee.checkInvariants()
  }

  @Test("without a window they stand side by side, at the expense of the last node")
  func oneBlock() throws {
    let machine = try Machine(hasWindow: false)
    #expect(machine.kept(0) == 0)
    #expect(machine.kept(1) == 0)
    #expect(machine.kept(2) > 64)
    #expect(machine.pages.pointee.descriptorPages == PageCount(64))
  }

  @Test("frames that stand behind the window are nobody's")
  func usable() throws {
    let machine = try Machine()
    let pages = machine.pages
    var count: UInt = 0
    while let page = try? pages.pointee.allocatePage(flags: .kernel) {
      let frame = pages.pointee.frame(of: page)
      #expect(!machine.reserved.contains { $0.contains(frame) })
      count += 1
    }
    let taken = machine.reserved.reduce(0) { $0 + $1.count.rawValue }
    #expect(count == 4096 - taken)
  }

  @Test("a node without room for the block gives what it has, and the others the rest")
  func crowded() throws {
    let machine = try Machine { memblock throws(AllocationError) in
      // Of node 1 ten single frames are free.
      for index in UInt(0)..<10 {
        let start = 2048 + index * 100
        try memblock.reserve(Machine.range(start..<start + 99))
      }
      try memblock.reserve(Machine.range(3048..<3072))
    }
    #expect(machine.kept(1) == 1024)
    let plain = try Machine()
    #expect(machine.kept(0) + machine.kept(2) == plain.kept(0) + plain.kept(2) + 6)
    machine.pages.pointee.checkInvariants()
  }

  @Test(
    "a section with memory of two nodes is the lower one's, and holes of whole sections cost nothing"
  )
  func mixed() throws {
    let machine = try Machine { memblock throws(AllocationError) in
      try memblock.setNode(Machine.range(2048..<2148), 0)
      try memblock.remove(Machine.range(512..<1024))
    }
    #expect(machine.kept(0) == (8 - 2 + 1) * 4 + 512)
    #expect(machine.kept(1) == 3 * 4)
    #expect(machine.pages.pointee.descriptorPages == PageCount(14 * 4))
  }

  @Test("machines whose memory is taken cannot boot")
  func full() {
    #expect(throws: AllocationError.outOfMemory) {
      _ = try Machine { memblock throws(AllocationError) in
        try memblock.reserve(Machine.range(0..<4040))
      }
    }
  }
}
