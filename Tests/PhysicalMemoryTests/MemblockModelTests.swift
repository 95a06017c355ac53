import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Random histories against one entry for each unit of memory.
struct MemblockModelTests {
  private struct Unit: Equatable {
    var node: Int32?
    var flags = MemblockFlags()
    var isReserved = false
  }

  private let unit: UInt64 = 0x1000

  @Test("after any history of calls every byte is what a table of bytes says")
  func history() throws {
    try withSeed { random in
      let arrays = Arrays(regions: 256)
      var memblock = arrays.memblock()
      var model = [Unit](repeating: Unit(), count: 128)
      for _ in 0..<2000 {
        let first = random.next(in: 0..<128)
        let units = first..<min(128, first + random.next(in: 1..<24))
        let range = PhysicalRange(UInt64(units.lowerBound) * unit, UInt64(units.upperBound) * unit)
        try step(random.next(in: 0..<8), units, range, &memblock, &model, &random)
        memblock.checkInvariants()
        #expect(described(memblock) == model)
        #expect(Array(memblock.freeRanges) == memblock.freeRangesDescending.reversed())
      }
    }
  }

  private func step(
    _ choice: Int, _ units: Range<Int>, _ range: PhysicalRange, _ memblock: inout Memblock,
    _ model: inout [Unit], _ random: inout SeededGenerator
  ) throws {
    let node = Int32(random.next(in: 0..<3))
    switch choice {
    case 0, 1:
      try memblock.add(range, node: node)
      for index in units where model[index].node == nil {
        model[index].node = node
        model[index].flags = []
      }
    case 2, 3:
      try memblock.reserve(range)
      for index in units { model[index].isReserved = true }
    case 4:
      try memblock.free(range)
      for index in units { model[index].isReserved = false }
    case 5:
      try memblock.remove(range)
      for index in units {
        model[index].node = nil
        model[index].flags = []
      }
    case 6:
      try memblock.setNode(range, node)
      for index in units where model[index].node != nil { model[index].node = node }
    default:
      try memblock.mark(range, .notMapped)
      for index in units where model[index].node != nil { model[index].flags = .notMapped }
    }
  }

  private func described(_ memblock: borrowing Memblock) -> [Unit] {
    var units = [Unit](repeating: Unit(), count: 128)
    for index in 0..<memblock.memory.count {
      let region = memblock.memory[index]
      for place in self.units(region.range) {
        units[place].node = region.node
        units[place].flags = region.flags
      }
    }
    for index in 0..<memblock.reserved.count {
      for place in self.units(memblock.reserved[index].range) { units[place].isReserved = true }
    }
    return units
  }

  private func units(_ range: PhysicalRange) -> Range<Int> {
    Int(range.start.rawValue / unit)..<Int(range.end.rawValue / unit)
  }
}
