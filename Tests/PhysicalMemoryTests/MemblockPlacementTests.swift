import MemoryTypes
import PhysicalMemory
import Testing

/// Where early allocations go.
struct MemblockPlacementTests {
  /// Two nodes of 1 MiB each, the second above the first.
  private func twoNodes(_ arrays: Arrays) throws -> Memblock {
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0x10_0000, 0x20_0000), node: 0)
    try memblock.add(PhysicalRange(0x20_0000, 0x30_0000), node: 1)
    return memblock
  }

  @Test("regions of two nodes that touch stay two")
  func nodesDoNotMerge() throws {
    let arrays = Arrays(regions: 16)
    let memblock = try twoNodes(arrays)
    #expect(memblock.memory.count == 2)
    memblock.checkInvariants()
  }

  @Test("a block goes to its node, and to another one when that is full")
  func nodeFirst() throws {
    let arrays = Arrays(regions: 16)
    var memblock = try twoNodes(arrays)
    let request = MemblockRequest(size: 0x8_0000, alignment: 0x1000, node: 0)
    let place1 = try memblock.allocate(request)
    #expect(place1 == PhysicalAddress(0x18_0000))
    let place2 = try memblock.allocate(request)
    #expect(place2 == PhysicalAddress(0x10_0000))
    let place3 = try memblock.allocate(request)
    #expect(place3 == PhysicalAddress(0x28_0000))
  }

  @Test("a block for exactly one node is refused when that is full, and nothing changes")
  func exactNode() throws {
    let arrays = Arrays(regions: 16)
    var memblock = try twoNodes(arrays)
    let request = MemblockRequest(
      size: 0x8_0000, alignment: 0x1000, node: 0, isExactNode: true)
    _ = try memblock.allocate(request)
    _ = try memblock.allocate(request)
    #expect(throws: AllocationError.outOfMemory) { try memblock.allocate(request) }
    #expect(memblock.reserved.byteCount == 0x10_0000)
  }

  @Test("a minimum that cannot be kept is dropped only for calls that give mapped memory")
  func minimum() throws {
    let arrays = Arrays(regions: 16)
    var memblock = try twoNodes(arrays)
    var request = MemblockRequest(
      size: 0x1000, alignment: 0x1000, minimum: PhysicalAddress(0x40_0000))
    #expect(throws: AllocationError.outOfMemory) { try memblock.allocate(request) }
    request.mayGoBelowMinimum = true
    let place4 = try memblock.allocate(request)
    #expect(place4 == PhysicalAddress(0x2f_f000))
  }

  @Test("no block reaches beyond the current limit unless it may lie anywhere")
  func currentLimit() throws {
    let arrays = Arrays(regions: 16)
    var memblock = try twoNodes(arrays)
    memblock.currentLimit = PhysicalAddress(0x18_0000)
    var request = MemblockRequest(size: 0x1000, alignment: 0x1000)
    #expect(memblock.placement(of: request) == PhysicalAddress(0x17_f000))
    request.limit = .anywhere
    #expect(memblock.placement(of: request) == PhysicalAddress(0x2f_f000))
    request.limit = .below(PhysicalAddress(0x28_0000))
    #expect(memblock.placement(of: request) == PhysicalAddress(0x27_f000))
    request.mayGoBelowMinimum = true
    #expect(memblock.placement(of: request) == PhysicalAddress(0x17_f000))
  }

  @Test("from the bottom up, the lowest free block is taken")
  func bottomUp() throws {
    let arrays = Arrays(regions: 16)
    var memblock = try twoNodes(arrays)
    memblock.direction = .bottomUp
    try memblock.reserve(PhysicalRange(0x10_0000, 0x10_0800))
    let request = MemblockRequest(size: 0x1000, alignment: 0x1000)
    let place5 = try memblock.allocate(request)
    #expect(place5 == PhysicalAddress(0x10_1000))
    #expect(memblock.placement(of: request, .topDown) == PhysicalAddress(0x2f_f000))
  }

  @Test("the first page is never given out")
  func firstPage() throws {
    let arrays = Arrays(regions: 8)
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0, 0x8000))
    memblock.pageSize = .size16K
    let request = MemblockRequest(size: 0x4000, alignment: 0x4000)
    let place6 = try memblock.allocate(request)
    #expect(place6 == PhysicalAddress(0x4000))
    #expect(throws: AllocationError.outOfMemory) { try memblock.allocate(request) }
  }

  @Test("mirrored memory goes first, then the rest")
  func mirror() throws {
    let arrays = Arrays(regions: 16)
    var memblock = try twoNodes(arrays)
    try memblock.mark(PhysicalRange(0x10_0000, 0x10_2000), .mirrored)
    let request = MemblockRequest(size: 0x2000, alignment: 0x1000)
    let place7 = try memblock.allocate(request)
    #expect(place7 == PhysicalAddress(0x10_0000))
    let place8 = try memblock.allocate(request)
    #expect(place8 == PhysicalAddress(0x2f_e000))
  }

  @Test("memory of a driver, unmapped and hotpluggable memory are left out")
  func hiddenMemory() throws {
    let arrays = Arrays(regions: 16)
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0x10_0000, 0x14_0000))
    try memblock.mark(PhysicalRange(0x11_0000, 0x12_0000), .notMapped)
    try memblock.mark(PhysicalRange(0x12_0000, 0x13_0000), .driverManaged)
    try memblock.mark(PhysicalRange(0x13_0000, 0x14_0000), .hotpluggable)
    let request = MemblockRequest(size: 0x1000, alignment: 0x1000)
    #expect(memblock.placement(of: request) == PhysicalAddress(0x13_f000))
    memblock.avoidsHotpluggable = true
    #expect(memblock.placement(of: request) == PhysicalAddress(0x10_f000))
    try memblock.clear(PhysicalRange(0x11_0000, 0x12_0000), .notMapped)
    #expect(memblock.placement(of: request) == PhysicalAddress(0x11_f000))
    memblock.checkInvariants()
  }

  @Test("free ranges of one node leave the others out")
  func freeRangesOfNode() throws {
    let arrays = Arrays(regions: 16)
    var memblock = try twoNodes(arrays)
    try memblock.reserve(PhysicalRange(0x1f_0000, 0x21_0000))
    let filter = MemblockFilter(node: 1)
    #expect(Array(memblock.freeRanges(filter)) == [PhysicalRange(0x21_0000, 0x30_0000)])
    #expect(
      Array(memblock.freeRangesDescending(filter)) == [PhysicalRange(0x21_0000, 0x30_0000)])
  }
}
