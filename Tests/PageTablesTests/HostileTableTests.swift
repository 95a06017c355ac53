import Machine
import MemoryTypes
import PageTableModel
import PageTables
import TestSupport
import Testing

@Suite("Hostile tables")
struct HostileTableTests {
  @Test("a cursor over tables of garbage ends, in RAM and upwards", arguments: TableGeometry.all)
  func garbage(_ geometry: TableGeometry) {
    withSeed { random in
      let pool = FramePool(pageSize: geometry.format.pageSize, count: 8)
      for _ in 0..<6 {
        fill(pool.directMap, &random)
        for _ in 0..<20 { iterate(geometry, pool.directMap, &random) }
      }
    }
  }

  @Test(
    "in garbage the short walk of four levels finds what the whole walk does, or nothing",
    arguments: [TranslationFormat.x86_64(), .arm64()])
  func shortWalk(_ format: TranslationFormat) {
    withSeed { random in
      let pool = FramePool(pageSize: format.pageSize, count: 8)
      let memory = pool.directMap
      var found = 0
      for _ in 0..<8 {
        fill(memory, &random)
        for _ in 0..<1000 { placePointer(format, memory, &random) }
        for _ in 0..<500 {
          let root = memory.frames.start + PageCount(UInt(random.next(below: 9)))
          let address = VirtualAddress(UInt(random.next()) >> 17)
          let whole = format.walk(address, from: root, in: memory)
          guard let short = format.walker.pageWalk(address, from: root, in: memory) else {
            #expect(whole.outcome != .leaf || whole.level != .pte)
            continue
          }
          found += 1
          #expect(whole.outcome == .leaf && whole.level == .pte)
          #expect(short.entry == whole.entry && short.descriptor == whole.descriptor)
          #expect(short.references == whole.references)
          #expect(
            format.effectiveAttributes(of: short) == format.effectiveAttributes(of: whole))
        }
      }
      #expect(found > 0)
    }
  }

  /// Makes one word a sound pointer to a table in RAM, less one bit now and then.
  private func placePointer(
    _ format: TranslationFormat, _ memory: DirectMap, _ random: inout SeededGenerator
  ) {
    let frame = memory.frames.start + PageCount(UInt(random.next(below: 8)))
    let flipped: UInt64 = random.chance(oneIn: 8) ? 1 << UInt64(random.next(below: 64)) : 0
    let word = format.tableDescriptor(frame, for: VirtualAddress(0)) ^ flipped
    let place = UInt64(random.next(below: 8 * 512)) * 8
    format.store(word, at: PhysicalAddress(memory.start.rawValue + place), in: memory)
  }

  /// Half noise, half plausible pointers into and around RAM.
  private func fill(_ memory: DirectMap, _ random: inout SeededGenerator) {
    let base = memory.start.rawValue
    let emptyWords = random.next(below: 8)
    for offset in stride(from: 0, to: UInt64(memory.count.rawValue), by: 8) {
      let frame = UInt64(random.next(below: 10)) << UInt64(memory.pageSize.shift)
      var word = random.chance(oneIn: 2) ? random.next() : base + frame | random.next() & 0xFFF
      if random.next(below: 8) < emptyWords { word = 0 }
      unsafe memory.pointer(to: PhysicalAddress(base + offset))
        .storeBytes(of: word, as: UInt64.self)
    }
  }

  private func iterate(
    _ geometry: TableGeometry, _ memory: DirectMap, _ random: inout SeededGenerator
  ) {
    let format = geometry.format
    let root = memory.frames.start + PageCount(UInt(random.next(below: 10)))
    let mask: UInt = random.element(of: [.max, .max >> 16, 0xFFFF_FFFF])
    let start = VirtualAddress(UInt(random.next()) & mask)
    let count = UInt(random.next()) >> UInt(random.next(below: 63))
    var cursor = TableCursor(
      VirtualRange(start, count: ByteCount(count)), root: root, format: format, memory: memory)
    var previous: TableEntry?
    for _ in 0..<3_000 {
      guard let entry = cursor.next(format, memory) else { return }
      #expect(memory.contains(entry.location))
      #expect(format.isCanonical(entry.address))
      if let previous { #expect(previous.address < entry.address) }
      previous = entry
    }
  }

  @Test("tables that point to themselves end the cursor as damaged", arguments: TableGeometry.all)
  func loop(_ geometry: TableGeometry) {
    let format = geometry.format
    let pool = FramePool(pageSize: format.pageSize, count: 2)
    let memory = pool.directMap
    let root = memory.frames.start
    // The last entry of the root leads back to the root, at each level.
    let index = format.entryCount(of: format.root) - 1
    let table = format.tableDescriptor(root, for: VirtualAddress(0), at: format.root)
    let size: UInt64 = 1 << UInt64(format.entryShift)
    for offset in 0..<UInt64(format.pageSize.bytes.rawValue) / size {
      let isPointer = offset == 0 || offset == UInt64(index)
      let entry = PhysicalAddress(memory.start.rawValue + offset * size)
      format.store(isPointer ? table : 0, at: entry, in: memory)
    }
    let isHigh = (geometry.places.min() ?? 0) != 0
    let everything = VirtualRange(
      isHigh ? format.kernelStart : VirtualAddress(0), VirtualAddress(isHigh ? 0 : .max))
    var cursor = TableCursor(everything, root: root, format: format, memory: memory)
    var entries = 0
    while cursor.next(format, memory) != nil { entries += 1 }
    // Two frames of RAM: two tables may be entered below the root, no more.
    #expect(cursor.isDamaged || format.levelCount <= 2)
    #expect(entries <= 2 * 8192)
  }
}
