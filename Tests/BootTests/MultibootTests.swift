import Boot
import MemoryTypes
import PhysicalMemory
import Testing

@Suite("Multiboot information")
struct MultibootTests {
  /// The first bytes of a PC's memory: information at 16, table at 256, modules at 512.
  private struct Loader {
    var memory = [UInt8](repeating: 0, count: 1024)

    mutating func store(_ value: UInt64, width: Int, at offset: Int) {
      for index in 0..<width {
        memory[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
      }
    }

    mutating func tell(flags: UInt64) { store(flags, width: 4, at: 16) }

    mutating func tell(_ field: Int, _ value: UInt64) { store(value, width: 4, at: 16 + field) }

    mutating func entry(at offset: Int, _ start: UInt64, _ count: UInt64, kind: UInt64) {
      store(20, width: 4, at: offset)
      store(start, width: 8, at: offset + 4)
      store(count, width: 8, at: offset + 12)
      store(kind, width: 4, at: offset + 20)
    }
  }

  private var full: Loader {
    var loader = Loader()
    loader.tell(flags: 1 << 0 | 1 << 3 | 1 << 6)
    loader.tell(44, 48)
    loader.tell(48, 256)
    loader.entry(at: 256, 0, 0x9_fc00, kind: 1)
    loader.entry(at: 280, 0xfffc_0000, 0x4_0000, kind: 2)
    loader.tell(20, 1)
    loader.tell(24, 512)
    loader.store(0x20_0000, width: 4, at: 512)
    loader.store(0x20_1000, width: 4, at: 516)
    return loader
  }

  private func read(
    _ memory: [UInt8], magic: UInt32 = MultibootInformation.magicNumber
  ) throws(FirmwareError) -> [NamedRange] {
    try withFirmware(memory) { (bytes) throws(FirmwareError) in
      try ranges(
        of: MultibootInformation(magic: magic, address: PhysicalAddress(16), memory: bytes))
    }
  }

  @Test("the table's entries and the modules are found")
  func findsMemory() throws {
    #expect(
      try read(full.memory) == [
        NamedRange(start: 0, end: 0x9_fc00, isUsable: true),
        NamedRange(start: 0xfffc_0000, end: 0x1_0000_0000, isUsable: false),
        NamedRange(start: 0x20_0000, end: 0x20_1000, isUsable: false),
      ])
  }

  @Test("without a table the two memory sizes stand for it")
  func usesSizes() throws {
    var loader = Loader()
    loader.tell(flags: 1)
    loader.tell(4, 639)
    loader.tell(8, 261_000)
    #expect(
      try read(loader.memory) == [
        NamedRange(start: 0, end: 639 << 10, isUsable: true),
        NamedRange(start: 1 << 20, end: 1 << 20 + 261_000 << 10, isUsable: true),
      ])
  }

  @Test("another magic number is refused")
  func refusesMagic() {
    #expect(throws: FirmwareError.noMagicNumber) { try read(full.memory, magic: 0x36d7_6289) }
  }

  @Test("information, table or modules outside of memory are refused", arguments: [0, 24, 48])
  func refusesOutside(field: Int) {
    var loader = full
    if field == 0 { loader.memory.removeLast(1024 - 64) } else { loader.tell(field, 0xffff_fff0) }
    #expect(throws: FirmwareError.truncated) { try read(loader.memory) }
  }

  @Test("an entry smaller than its fields is refused")
  func refusesSmallEntry() {
    var loader = full
    loader.store(0, width: 4, at: 280)
    #expect(throws: FirmwareError.malformed) { try read(loader.memory) }
  }

  @Test("damaged information is read or refused, never followed outside", arguments: [Seed.any])
  func survivesDamage(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<20_000 {
      let damaged = damage(full.memory, &random)
      _ = try? read(damaged)
    }
  }
}
