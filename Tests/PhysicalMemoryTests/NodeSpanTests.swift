import MemoryTypes
import PhysicalMemory
import Testing

/// How memory is cut into nodes and zones.
struct NodeSpanTests {
  private func frames(_ start: UInt, _ end: UInt) -> FrameRange {
    FrameRange(PageFrameNumber(start), PageFrameNumber(end))
  }

  /// The memory of a PC with two nodes, 3 GiB and 2 GiB, whose first ends above 4 GiB.
  private func computer(_ arrays: Arrays) throws -> Memblock {
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0x1000, 0x9_f000))
    try memblock.add(PhysicalRange(0x10_0000, 0x7ffd_f000))
    try memblock.add(PhysicalRange(0x1_0000_0000, 0x1_4000_0000))
    try memblock.add(PhysicalRange(0x1_4000_0000, 0x1_c000_0000), node: 1)
    return memblock
  }

  @Test("zones are cut at 16 MiB and 4 GiB, span holes and leave them out of what is present")
  func pc() throws {
    let arrays = Arrays(regions: 16)
    let memblock = try computer(arrays)
    let first = NodeSpan(0, memblock, .x86)
    #expect(first[.dma].range == frames(1, 4096))
    #expect(first[.dma].present == PageCount(3998))
    #expect(first[.dma].absent == PageCount(97))
    #expect(first[.dma32].range == frames(4096, 0x10_0000))
    #expect(first[.normal].range == frames(0x10_0000, 0x14_0000))
    let second = NodeSpan(1, memblock, .x86)
    #expect(!second[.dma].isPopulated)
    #expect(second[.normal].range == frames(0x14_0000, 0x1c_0000))
    #expect(second.present == PageCount(0x8_0000))
    #expect(NodeSpan(2, memblock, .x86).range == frames(0, 0))
  }

  @Test("i386 maps what vmalloc and the areas at the end of its gigabyte leave")
  func lowMemory() {
    #expect(LowMemoryMap(hasPAE: true).end == PhysicalAddress(0x36ff_e000))
    #expect(LowMemoryMap(hasPAE: false).end == PhysicalAddress(0x36bf_e000))
    let larger = LowMemoryMap(hasPAE: true, vmallocReserve: 256 << 20)
    #expect(larger.end == PhysicalAddress(0x2eff_e000))
    #expect(LowMemoryMap(hasPAE: true, vmallocReserve: .max).end == PhysicalAddress(4096))
  }

  @Test("HighMem is what i386 cannot map, and nothing where it can map all")
  func highMemory() throws {
    let arrays = Arrays(regions: 8)
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0x1000, 0x3ffd_f000))
    let span = NodeSpan(0, memblock, .i386(LowMemoryMap(hasPAE: false)))
    #expect(span[.normal].range == frames(0x1000, 0x3_6bfe))
    #expect(span[.highMemory].range == frames(0x3_6bfe, 0x3_ffdf))
    try memblock.enforceMemoryLimit(256 << 20)
    #expect(!NodeSpan(0, memblock, .i386(LowMemoryMap(hasPAE: false)))[.highMemory].isPopulated)
  }

  @Test("arm64 memory below 4 GiB is DMA memory; where memory starts above it, all is")
  func armZones() throws {
    let arrays = Arrays(regions: 8)
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0x4000_0000, 0x1_4000_0000))
    let low = ZoneLayout.arm64(
      pageSize: .size4K, kinds: [.dma, .dma32], startOfDRAM: PhysicalAddress(0x4000_0000))
    let span = NodeSpan(0, memblock, low)
    #expect(span[.dma].range == frames(0x4_0000, 0x10_0000))
    #expect(!span[.dma32].isPopulated)
    #expect(span[.normal].range == frames(0x10_0000, 0x14_0000))
    let limited = ZoneLayout.arm64(
      pageSize: .size4K, kinds: [.dma, .dma32], startOfDRAM: PhysicalAddress(0x4000_0000),
      deviceEnd: PhysicalAddress(0x8000_0000))
    #expect(NodeSpan(0, memblock, limited)[.dma32].range == frames(0x8_0000, 0x10_0000))
    let high = ZoneLayout.arm64(
      pageSize: .size4K, kinds: [.dma], startOfDRAM: PhysicalAddress(0x80_0000_0000))
    #expect(high.dmaEnd == PhysicalAddress(.max))
  }

  @Test("movable memory comes off the top of the highest zone, in whole blocks")
  func movable() throws {
    let arrays = Arrays(regions: 8)
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0x4000_0000, 0x8000_0000))
    let layout = ZoneLayout(pageSize: .size64K)
    let request = MovableRequest.pages(kernel: .zero, movable: PageCount(4096))
    let starts = MovableStarts(request, layout, maximumOrder: Order(13), memblock)
    #expect(starts[0] == PageFrameNumber(0x6000))
    let span = NodeSpan(0, memblock, layout, movable: starts)
    #expect(span[.normal].range == frames(0x4000, 0x6000))
    #expect(span[.movable].range == frames(0x6000, 0x8000))
  }

  @Test("kernel memory is spread over the nodes; a small one leaves its share to the others")
  func spread() throws {
    let arrays = Arrays(regions: 8)
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0x1_0000_0000, 0x1_0800_0000), node: 0)
    try memblock.add(PhysicalRange(0x1_0800_0000, 0x1_8000_0000), node: 1)
    let layout = ZoneLayout(pageSize: .size4K)
    let request = MovableRequest.pages(kernel: PageCount(0x2_0000), movable: .zero)
    let starts = MovableStarts(request, layout, maximumOrder: Order(10), memblock)
    // Node 0 has 0x8000 frames, half of its share; so its Movable would start at its end.
    #expect(starts[0] == nil)
    #expect(starts[1] == PageFrameNumber(0x10_8000 + 0x1_8000))
  }

  @Test("percentages of all memory count like pages")
  func percent() throws {
    let arrays = Arrays(regions: 8)
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0x4000_0000, 0x8000_0000))
    let layout = ZoneLayout(pageSize: .size4K)
    let quarter = MovableStarts(
      .percent(kernel: 0, movable: 25), layout, maximumOrder: Order(10), memblock)
    #expect(quarter[0] == PageFrameNumber(0x7_0000))
    let all = MovableStarts(
      .percent(kernel: 100, movable: 0), layout, maximumOrder: Order(10), memblock)
    #expect(all[0] == nil)
  }

  @Test("with a mirror, Normal and Movable span the same frames and share their memory")
  func mirror() throws {
    let arrays = Arrays(regions: 8)
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0x1_0000_0000, 0x1_4000_0000))
    try memblock.mark(PhysicalRange(0x1_2000_0000, 0x1_4000_0000), .mirrored)
    let layout = ZoneLayout(pageSize: .size4K)
    let starts = MovableStarts(.mirror, layout, maximumOrder: Order(10), memblock)
    #expect(starts[0] == PageFrameNumber(0x10_0000))
    let span = NodeSpan(0, memblock, layout, movable: starts)
    #expect(span[.movable].present == PageCount(0x2_0000))
  }

  @Test("memory that may be taken out becomes movable from its first frame on")
  func hotpluggable() throws {
    let arrays = Arrays(regions: 8)
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0x4000_0000, 0x8000_0000))
    try memblock.mark(PhysicalRange(0x7000_0000, 0x8000_0000), .hotpluggable)
    let layout = ZoneLayout(pageSize: .size4K)
    let starts = MovableStarts(.hotpluggable, layout, maximumOrder: Order(10), memblock)
    #expect(starts[0] == PageFrameNumber(0x7_0000))
  }
}
