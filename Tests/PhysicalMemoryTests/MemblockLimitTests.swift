import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Memory that is cut off, and the texts.
struct MemblockLimitTests {
  private func memblock(_ arrays: Arrays) throws -> Memblock {
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0x4000_0000, 0x6000_0000))
    try memblock.add(PhysicalRange(0x8000_0000, 0xa000_0000))
    try memblock.reserve(PhysicalRange(0x4800_0000, 0x4900_0000))
    try memblock.reserve(PhysicalRange(0x9000_0000, 0x9100_0000))
    return memblock
  }

  @Test("a memory limit keeps the lowest bytes and forgets reservations above them")
  func memoryLimit() throws {
    let arrays = Arrays(regions: 16)
    var memblock = try memblock(arrays)
    try memblock.enforceMemoryLimit(0x2800_0000)
    #expect(memblock.endOfDRAM == PhysicalAddress(0x8800_0000))
    #expect(memblock.reserved.count == 1)
    try memblock.enforceMemoryLimit(.max)
    #expect(memblock.memory.byteCount == 0x2800_0000)
    memblock.checkInvariants()
  }

  @Test("capping keeps what must not be mapped, wherever it lies")
  func capping() throws {
    let arrays = Arrays(regions: 16)
    var memblock = try memblock(arrays)
    try memblock.mark(PhysicalRange(0x8000_0000, 0x8010_0000), .notMapped)
    try memblock.capMemory(to: PhysicalRange(0x4800_0000, 0x5000_0000))
    #expect(memblock.memory.count == 2)
    #expect(memblock.memory[0].range == PhysicalRange(0x4800_0000, 0x5000_0000))
    #expect(memblock.memory[1].range == PhysicalRange(0x8000_0000, 0x8010_0000))
    #expect(memblock.reserved.byteCount == 0x100_0000)
    memblock.checkInvariants()
  }

  @Test("a limit on mapped memory counts all of it")
  func mappedLimit() throws {
    let arrays = Arrays(regions: 16)
    var memblock = try memblock(arrays)
    try memblock.limitMappedMemory(0x1000_0000)
    #expect(memblock.endOfDRAM == PhysicalAddress(0x5000_0000))
  }

  @Test("a linear map that is too small loses the top, but never the kernel")
  func linearMap() throws {
    let arrays = Arrays(regions: 16)
    var memblock = try memblock(arrays)
    let low = try memblock.clampToLinearMap(
      size: 0x2000_0000, alignment: 0x4000_0000, kernelEnd: PhysicalAddress(0x4800_0000))
    #expect(low == PhysicalAddress(0x4000_0000))
    #expect(memblock.endOfDRAM == PhysicalAddress(0x6000_0000))

    let others = Arrays(regions: 16)
    var second = try self.memblock(others)
    let raised = try second.clampToLinearMap(
      size: 0x4000_0000, alignment: 0x2000_0000, kernelEnd: PhysicalAddress(0x9800_0000))
    #expect(raised == PhysicalAddress(0x6000_0000))
    #expect(second.startOfDRAM == PhysicalAddress(0x8000_0000))
    #expect(second.endOfDRAM == PhysicalAddress(0x9800_0000))
  }

  @Test("trimming leaves whole pages and drops what has none")
  func trimming() throws {
    let arrays = Arrays(regions: 16)
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0x1000, 0x9_fc00))
    try memblock.add(PhysicalRange(0xf_0010, 0xf_0fff))
    memblock.trimMemory(to: .size4K)
    #expect(memblock.memory.count == 1)
    #expect(memblock.memory[0].range == PhysicalRange(0x1000, 0x9_f000))
  }

  @Test("the configuration is printed as the kernel prints it")
  func configurationText() throws {
    let arrays = Arrays(regions: 16)
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0x4000_0000, 0x6000_0000))
    try memblock.reserve(PhysicalRange(0x4020_0000, 0x4081_0000))
    var sink = TextCollector()
    memblock.writeConfiguration(to: &sink)
    #expect(
      sink.text == """
        MEMBLOCK configuration:
         memory size = 0x0000000020000000 reserved size = 0x0000000000610000
         memory.cnt  = 0x1
         memory[0x0]\t[0x0000000040000000-0x000000005fffffff], 0x0000000020000000 bytes on node 0 \
        flags: 0x0
         reserved.cnt  = 0x1
         reserved[0x0]\t[0x0000000040200000-0x000000004080ffff], 0x0000000000610000 bytes flags: 0x0

        """)
  }

  @Test(
    "a line of the log is printed as the kernel prints it, with short addresses where it has them")
  func lineText() {
    var sink = TextCollector()
    MemblockLine.reserve(PhysicalRange(0x1ee_6000, 0x1ef_6000)).write(to: &sink, digits: 8)
    #expect(sink.text == "memblock_reserve: [0x01ee6000-0x01ef5fff]")
    var long = TextCollector()
    MemblockLine.free(PhysicalRange(0x1000, 0x2000)).write(to: &long)
    #expect(long.text == "memblock_phys_free: [0x0000000000001000-0x0000000000001fff]")
  }
}
