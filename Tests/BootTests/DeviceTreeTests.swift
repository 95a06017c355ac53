import Boot
import MemoryTypes
import PhysicalMemory
import Testing

/// One range that a table named, comparable in an expectation.
struct NamedRange: Equatable {
  var start: UInt64
  var end: UInt64
  var isUsable: Bool
}

/// All ranges that the map names, in its order.
func ranges(of map: some MemoryMap) throws(FirmwareError) -> [NamedRange] {
  var found: [NamedRange] = []
  try map.forEachMemoryRange { range, kind in
    found.append(
      NamedRange(
        start: range.start.rawValue, end: range.end.rawValue, isUsable: kind == .usable))
  }
  return found
}

/// Lends `bytes` as what firmware left in memory, in a block of just their size.
func withFirmware<Result>(
  _ bytes: [UInt8], _ body: (FirmwareBytes) throws(FirmwareError) -> Result
) throws(FirmwareError) -> Result {
  let block = UnsafeMutableRawPointer.allocate(byteCount: bytes.count, alignment: 16)
  defer { unsafe block.deallocate() }
  for (offset, byte) in bytes.enumerated() {
    unsafe block.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
  }
  return try body(unsafe FirmwareBytes(block, count: ByteCount(UInt(bytes.count))))
}

func deviceTreeRanges(_ blob: [UInt8]) throws(FirmwareError) -> [NamedRange] {
  try withFirmware(blob) { (bytes) throws(FirmwareError) in try ranges(of: DeviceTree(bytes)) }
}

@Suite("Device tree")
struct DeviceTreeTests {
  /// A tree like QEMU's: memory in two banks, one bank disabled, reservations of every kind.
  private var full: DeviceTreeBlob {
    var blob = DeviceTreeBlob()
    blob.reserve(0x4000_0000, count: 0x1000)
    blob.begin("")
    blob.property("#address-cells", cells: [2])
    blob.property("#size-cells", cells: [2])
    blob.begin("memory@40000000")
    blob.property("reg", cells: [0, 0x4000_0000, 0, 0x1000_0000, 1, 0, 2, 0])
    blob.property("device_type", text: "memory")
    blob.end()
    blob.begin("memory@900000000")
    blob.property("device_type", text: "memory")
    blob.property("status", text: "disabled")
    blob.property("reg", cells: [9, 0, 0, 0x1000])
    blob.end()
    blob.begin("reserved-memory")
    blob.property("#address-cells", cells: [1])
    blob.property("#size-cells", cells: [1])
    blob.begin("firmware@48000000")
    blob.property("reg", cells: [0x4800_0000, 0x2_0000])
    blob.end()
    blob.end()
    blob.begin("chosen")
    blob.property("linux,initrd-start", cells: [0x4900_0000])
    blob.property("linux,initrd-end", cells: [0, 0x4910_0000])
    blob.end()
    blob.begin("device@9000000")
    blob.property("reg", cells: [0, 0x900_0000, 0, 0x1000])
    blob.end()
    blob.end()
    return blob
  }

  @Test("memory and reservations of every kind are found, devices and disabled banks are not")
  func findsMemory() throws {
    #expect(
      try deviceTreeRanges(full.data) == [
        NamedRange(start: 0x4000_0000, end: 0x4000_1000, isUsable: false),
        NamedRange(start: 0x4000_0000, end: 0x5000_0000, isUsable: true),
        NamedRange(start: 0x1_0000_0000, end: 0x3_0000_0000, isUsable: true),
        NamedRange(start: 0x4800_0000, end: 0x4802_0000, isUsable: false),
        NamedRange(start: 0x4900_0000, end: 0x4910_0000, isUsable: false),
      ])
  }

  @Test("a range beyond the last address is cut there")
  func cutsRangeAtTheEnd() throws {
    var blob = DeviceTreeBlob()
    blob.begin("")
    blob.property("#size-cells", cells: [2])
    blob.begin("memory")
    blob.property("device_type", text: "memory")
    blob.property("reg", cells: [0xffff_ffff, 0xffff_0000, 0xffff_ffff, 0xffff_ffff])
    blob.end()
    blob.end()
    #expect(
      try deviceTreeRanges(blob.data) == [
        NamedRange(start: 0xffff_ffff_ffff_0000, end: .max, isUsable: true)
      ])
  }

  @Test("cells of other than one or two words are refused", arguments: [0, 3, 0xffff_ffff])
  func refusesOddCells(cells: UInt64) {
    var blob = DeviceTreeBlob()
    blob.begin("")
    blob.property("#address-cells", cells: [cells])
    blob.begin("memory")
    blob.property("device_type", text: "memory")
    blob.property("reg", cells: [1, 2, 3, 4])
    blob.end()
    blob.end()
    #expect(throws: FirmwareError.malformed) { try deviceTreeRanges(blob.data) }
  }

  @Test("a blob cut anywhere is refused")
  func refusesTruncation() {
    let blob = full.data
    for count in 1..<blob.count {
      #expect(throws: FirmwareError.self) { try deviceTreeRanges(Array(blob[..<count])) }
    }
  }

  @Test("nodes that end more often than they begin are refused")
  func refusesUnbalancedNodes() {
    var blob = DeviceTreeBlob()
    blob.begin("")
    blob.end()
    blob.end()
    #expect(throws: FirmwareError.malformed) { try deviceTreeRanges(blob.data) }
  }

  @Test("damaged blobs are read or refused, never followed outside", arguments: [Seed.any])
  func survivesDamage(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let blob = full.data
    for _ in 0..<20_000 {
      let damaged = damage(blob, &random)
      _ = try? deviceTreeRanges(damaged)
    }
  }
}
