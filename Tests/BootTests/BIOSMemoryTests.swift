import Boot
import MemoryTypes
import PhysicalMemory
import Testing

/// The memory map of a PC's BIOS, in good order and not.
@Suite("BIOS memory map")
struct BIOSMemoryTests {
  private typealias Entry = (start: UInt64, end: UInt64, kind: UInt32)

  private func withTable(
    _ entries: [Entry], capacity: Int = 64, _ body: (inout BIOSMemoryTable) throws -> Void
  ) throws {
    let storage = UnsafeMutablePointer<BIOSMemoryRange>.allocate(capacity: capacity)
    defer { unsafe storage.deallocate() }
    var table = unsafe BIOSMemoryTable(storage, capacity: capacity)
    for entry in entries {
      try table.add(start: entry.start, size: entry.end - entry.start, kind: entry.kind)
    }
    try body(&table)
  }

  private func described(_ table: borrowing BIOSMemoryTable) -> [[UInt64]] {
    (0..<table.count).map {
      [table[$0].range.start.rawValue, table[$0].range.end.rawValue, UInt64(table[$0].kind)]
    }
  }

  @Test("where ranges overlap the higher kind wins, whatever their order")
  func overlap() throws {
    let entries: [Entry] = [(0x1000, 0x5000, 1), (0x3000, 0x7000, 2), (0x2000, 0x4000, 4)]
    let expected: [[UInt64]] = [[0x1000, 0x2000, 1], [0x2000, 0x4000, 4], [0x4000, 0x7000, 2]]
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]] {
      try withTable(order.map { entries[$0] }) { #expect(described($0) == expected) }
    }
  }

  @Test("neighbours of one kind become one range")
  func joining() throws {
    try withTable([(0x3000, 0x4000, 1), (0x1000, 0x2000, 1), (0x2000, 0x3000, 1)]) {
      #expect(described($0) == [[0x1000, 0x4000, 1]])
    }
  }

  @Test("the first page and the upper part of the first megabyte are never RAM")
  func firstMegabyte() throws {
    try withTable([(0, 0x20_0000, 1)]) { table in
      try table.trimFirstMegabyte()
      #expect(
        described(table) == [
          [0, 0x1000, 2], [0x1000, 0xa_0000, 1], [0x10_0000, 0x20_0000, 1],
        ])
    }
  }

  /// What BIOSes of emulated machines said, and the memory that Linux made of it.
  @Test("memory is what Linux makes of the same map")
  func asLinux() throws {
    let entries: [Entry] = [
      (0, 0x9_fc00, 1), (0x9_fc00, 0xa_0000, 2), (0xf_0000, 0x10_0000, 2),
      (0x10_0000, 0x7ffd_f000, 1), (0x7ffd_f000, 0x8000_0000, 2), (0xb000_0000, 0xc000_0000, 2),
      (0xfed1_c000, 0xfed2_0000, 2), (0xfffc_0000, 0x1_0000_0000, 2),
      (0x1_0000_0000, 0x1_c000_0000, 1), (0xfd_0000_0000, 0x100_0000_0000, 2),
    ]
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
    defer { unsafe bytes.deallocate() }
    var memblock = unsafe Memblock(arrays: bytes)
    try withTable(entries) { table in
      try table.trimFirstMegabyte()
      try memblock.addMemory(of: table)
    }
    var memory: [[UInt64]] = []
    for index in 0..<memblock.memory.count {
      let range = memblock.memory[index].range
      memory.append([range.start.rawValue, range.end.rawValue])
    }
    #expect(
      memory == [
        [0x1000, 0x9_f000], [0x10_0000, 0x7ffd_f000], [0x1_0000_0000, 0x1_c000_0000],
      ])
  }

  @Test("a range beyond the address space is refused, and so is one too many")
  func refused() throws {
    try withTable([(0x1000, 0x2000, 1)], capacity: 3) { table in
      #expect(throws: BootError.self) { try table.add(start: .max - 10, size: 100, kind: 1) }
      try table.add(start: 0x3000, size: 0x1000, kind: 1)
      #expect(throws: BootError.self) { try table.add(start: 0x5000, size: 0x1000, kind: 1) }
      #expect(described(table).count == 2)
      try table.add(start: 0x5000, size: 0, kind: 1)
    }
  }

  @Test("any table is sorted, free of overlap, and as a table of bytes says", arguments: [Seed.any])
  func model(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      var kinds = [UInt32](repeating: 0, count: 64)
      try withTable([], capacity: 128) { table in
        for _ in 0..<10 {
          let start = Int(random.next(below: 60))
          let end = start + 1 + Int(random.next(below: UInt32(64 - start)))
          let kind = 1 + random.next(below: 5)
          try table.add(start: UInt64(start), size: UInt64(end - start), kind: kind)
          for index in start..<end { kinds[index] = max(kinds[index], kind) }
        }
        var found = [UInt32](repeating: 0, count: 64)
        for index in 0..<table.count {
          let range = table[index].range
          for place in range.start.rawValue..<range.end.rawValue {
            #expect(found[Int(place)] == 0)
            found[Int(place)] = table[index].kind
          }
          if index > 0 { #expect(table[index - 1].range.end <= range.start) }
        }
        #expect(found == kinds)
      }
    }
  }
}
