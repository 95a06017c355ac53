import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Memblock on its own, with arrays from the test.
struct MemblockTests {
  private func ranges(_ regions: MemblockRegions) -> [PhysicalRange] {
    (0..<regions.count).map { regions[$0].range }
  }

  @Test("regions that touch or overlap become one")
  func merging() throws {
    let arrays = Arrays(regions: 8)
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0x1000, 0x2000))
    try memblock.add(PhysicalRange(0x3000, 0x4000))
    #expect(ranges(memblock.memory).count == 2)
    try memblock.add(PhysicalRange(0x1800, 0x3000))
    #expect(ranges(memblock.memory) == [PhysicalRange(0x1000, 0x4000)])
    memblock.checkInvariants()
  }

  @Test("memory that overlaps keeps the flags it had, and only the gaps take the new ones")
  func overlapKeepsFlags() throws {
    let arrays = Arrays(regions: 8)
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0x2000, 0x3000), flags: .hotpluggable)
    try memblock.add(PhysicalRange(0x1000, 0x4000))
    #expect(
      ranges(memblock.memory) == [
        PhysicalRange(0x1000, 0x2000), PhysicalRange(0x2000, 0x3000),
        PhysicalRange(0x3000, 0x4000),
      ])
    #expect(memblock.memory[1].flags == .hotpluggable)
    memblock.checkInvariants()
  }

  @Test("removing the middle of a region leaves its two ends")
  func removing() throws {
    let arrays = Arrays(regions: 8)
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0x1000, 0x9000))
    try memblock.remove(PhysicalRange(0x3000, 0x5000))
    #expect(
      ranges(memblock.memory) == [PhysicalRange(0x1000, 0x3000), PhysicalRange(0x5000, 0x9000)])
    try memblock.remove(PhysicalRange(0, UInt64.max))
    #expect(memblock.memory.count == 0)
    #expect(memblock.startOfDRAM == nil)
  }

  @Test("a region that claims to go beyond the address space is cut at its end")
  func overflow() throws {
    let arrays = Arrays(regions: 8)
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(PhysicalAddress(0xFFFF_FFFF_FFFF_0000), count: .max))
    #expect(memblock.endOfDRAM == PhysicalAddress(.max))
    try memblock.add(PhysicalRange(0x5000, 0x1000))
    #expect(memblock.memory.count == 1)
    #expect(throws: AllocationError.outOfMemory) {
      _ = try memblock.allocate(UInt64.max, alignment: 4096)
    }
    #expect(throws: AllocationError.outOfMemory) {
      _ = try memblock.allocate(0x1000, alignment: 1 << 63)
    }
    memblock.checkInvariants()
  }

  @Test("an operation that needs more entries than there are throws and changes nothing")
  func full() throws {
    let arrays = Arrays(regions: 2)
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0x1000, 0x2000))
    try memblock.add(PhysicalRange(0x3000, 0x8000))
    #expect(throws: AllocationError.outOfMemory) {
      try memblock.add(PhysicalRange(0x9000, 0xA000))
    }
    #expect(throws: AllocationError.outOfMemory) {
      try memblock.remove(PhysicalRange(0x4000, 0x5000))
    }
    #expect(
      ranges(memblock.memory) == [PhysicalRange(0x1000, 0x2000), PhysicalRange(0x3000, 0x8000)])
    memblock.checkInvariants()
  }

  @Test("top-down takes the highest aligned block within the limits, bottom-up the lowest")
  func placement() throws {
    let arrays = Arrays(regions: 8)
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0x1_0000, 0x2_0000))
    try memblock.reserve(PhysicalRange(0x1_F800, 0x1_FC00))
    #expect(try memblock.allocate(0x400, alignment: 0x400) == PhysicalAddress(0x1_FC00))
    #expect(try memblock.allocate(0x1000, alignment: 0x1000) == PhysicalAddress(0x1_E000))
    #expect(
      try memblock.allocate(0x100, in: PhysicalRange(0, 0x1_8000)) == PhysicalAddress(0x1_7F00))
    #expect(
      try memblock.allocate(0x100, alignment: 0x2000, .bottomUp) == PhysicalAddress(0x1_0000))
    #expect(
      try memblock.allocate(0x100, alignment: 0x2000, .bottomUp) == PhysicalAddress(0x1_2000))
    try memblock.free(PhysicalRange(0x1_0000, 0x1_0100))
    #expect(
      try memblock.allocate(0x100, alignment: 0x2000, .bottomUp) == PhysicalAddress(0x1_0000))
    memblock.checkInvariants()
  }

  @Test("memory that must not be mapped is never free")
  func notMapped() throws {
    let arrays = Arrays(regions: 8)
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0x1000, 0x9000))
    try memblock.mark(PhysicalRange(0x4000, 0x9000), .notMapped)
    #expect(Array(memblock.freeRanges) == [PhysicalRange(0x1000, 0x4000)])
    #expect(Array(memblock.freeRangesDescending) == [PhysicalRange(0x1000, 0x4000)])
  }

  /// One step of a random history, on 64 pages of 4 KiB.
  private enum Step: Sendable {
    case add(PhysicalRange)
    case reserve(PhysicalRange)
    case remove(PhysicalRange)
    case free(PhysicalRange)
  }

  @Test("random adds, reserves, removes and frees agree with a map of single pages")
  func randomHistories() {
    checkHistories(count: 40, length: 60) { generator in
      let first = UInt64(generator.next(below: 64)) * 4096
      let range = PhysicalRange(
        PhysicalAddress(first), count: UInt64(generator.next(below: 16)) * 4096)
      return switch generator.next(below: 4) {
      case 0: Step.add(range)
      case 1: Step.reserve(range)
      case 2: Step.remove(range)
      default: Step.free(range)
      }
    } run: { steps in
      let arrays = Arrays(regions: 80)
      var memblock = arrays.memblock()
      var memory: Set<UInt64> = []
      var reserved: Set<UInt64> = []
      for step in steps {
        switch step {
        case .add(let range):
          try memblock.add(range)
          memory.formUnion(pages(range))
        case .reserve(let range):
          try memblock.reserve(range)
          reserved.formUnion(pages(range))
        case .remove(let range):
          try memblock.remove(range)
          memory.subtract(pages(range))
        case .free(let range):
          try memblock.free(range)
          reserved.subtract(pages(range))
        }
        memblock.checkInvariants()
        let free = memory.subtracting(reserved)
        let ascending = Array(memblock.freeRanges)
        try requireEqual(Set(ascending.flatMap(pages)), free, "free pages")
        try requireEqual(
          Array(memblock.freeRangesDescending.map { $0 }.reversed()), ascending, "descending")
        try requireEqual(memblock.memory.byteCount, UInt64(memory.count) * 4096, "memory size")
      }
    }
  }

  private func pages(_ range: PhysicalRange) -> [UInt64] {
    Array(stride(from: range.start.rawValue / 4096, to: range.end.rawValue / 4096, by: 1))
  }
}
