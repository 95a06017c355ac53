import Machine
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Arrays that outgrow their place.
struct MemblockGrowthTests {
  /// 1 MiB of RAM at 1 GiB, and a memblock of four regions a list that may grow in it.
  @safe
  private final class Growing {
    private let memory: UnsafeMutableRawPointer
    private let arrays = Arrays(regions: 4)
    let map: DirectMap
    var memblock: Memblock

    init() throws {
      let size = 1 << 20
      unsafe memory = .allocate(byteCount: size, alignment: 4096)
      map = unsafe DirectMap(
        base: memory, start: PhysicalAddress(0x4000_0000), count: ByteCount(UInt(size)),
        pageSize: .size4K)
      memblock = arrays.memblock()
      try memblock.add(PhysicalRange(0x4000_0000, 0x4010_0000))
      memblock.allowGrowth(in: map)
    }

    deinit { unsafe memory.deallocate() }
  }

  @Test("a list without room moves to twice the room, which is reserved above what was asked for")
  func growing() throws {
    let growing = try Growing()
    for index in 0..<UInt64(4) {
      try growing.memblock.reserve(
        PhysicalRange(PhysicalAddress(0x4000_1000 + index * 0x2000), count: 0x1000))
    }
    #expect(growing.memblock.reserved.capacity == 4)
    try growing.memblock.reserve(PhysicalRange(0x4002_0000, 0x4002_1000))
    #expect(growing.memblock.reserved.capacity == 8)
    #expect(growing.memblock.reserved.count == 6)
    #expect(growing.memblock.reserved[5].range == PhysicalRange(0x400f_f000, 0x4010_0000))
    growing.memblock.checkInvariants()
  }

  @Test("the old place is free again once a list has moved twice")
  func freesOldPlace() throws {
    let growing = try Growing()
    for index in 0..<UInt64(200) {
      try growing.memblock.reserve(
        PhysicalRange(PhysicalAddress(0x4000_1000 + index * 0x1000), count: 0x800))
      growing.memblock.checkInvariants()
    }
    let homes = (0..<growing.memblock.reserved.count).map { growing.memblock.reserved[$0].range }
      .filter { $0.count >= 0x1000 }
    // 256 regions of 24 bytes fill two pages; nothing else is as large.
    #expect(homes.map(\.count).reduce(0, +) == 0x2000)
    #expect(growing.memblock.reserved.count == 201)
  }

  @Test("without memory for a larger place, nothing changes")
  func noRoom() throws {
    let growing = try Growing()
    for start: UInt64 in [0x4000_0000, 0x4005_0000, 0x400a_0000] {
      try growing.memblock.reserve(PhysicalRange(PhysicalAddress(start), count: 0x4_f800))
    }
    try growing.memblock.reserve(PhysicalRange(0x400f_0000, 0x400f_f800))
    let before = growing.memblock.reserved.byteCount
    #expect(throws: AllocationError.outOfMemory) {
      try growing.memblock.reserve(PhysicalRange(0x400e_fc00, 0x400e_fe00))
    }
    #expect(growing.memblock.reserved.byteCount == before)
    #expect(growing.memblock.reserved.capacity == 4)
  }
}
