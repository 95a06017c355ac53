import Boot
import MemoryTypes
import PhysicalMemory
import Testing

/// Nodes, distances and reservations of every kind in a device tree.
@Suite("Device tree: nodes and reservations")
struct DeviceTreeNodeTests {
  /// Two nodes of 256 MiB; a fixed reservation, one that must not be mapped, two without a place.
  private var full: DeviceTreeBlob {
    var blob = DeviceTreeBlob()
    blob.begin("")
    blob.property("#address-cells", cells: [2])
    blob.property("#size-cells", cells: [2])
    for node: UInt64 in 0..<2 {
      blob.begin("memory@\(node)")
      blob.property("numa-node-id", cells: [node])
      blob.property("reg", cells: [0, 0x4000_0000 + node << 28, 0, 0x1000_0000])
      blob.property("device_type", text: "memory")
      blob.end()
    }
    addReservations(&blob)
    blob.begin("distance-map")
    blob.property("compatible", text: "numa-distance-map-v1")
    blob.property("distance-matrix", cells: [0, 0, 10, 0, 1, 31, 1, 1, 10])
    blob.end()
    blob.end()
    return blob
  }

  private func addReservations(_ blob: inout DeviceTreeBlob) {
    blob.begin("reserved-memory")
    blob.property("#address-cells", cells: [2])
    blob.property("#size-cells", cells: [2])
    blob.begin("firmware@48000000")
    blob.property("reg", cells: [0, 0x4800_0000, 0, 0x2_0000])
    blob.end()
    blob.begin("secret@49000000")
    blob.property("reg", cells: [0, 0x4900_0000, 0, 0x10_0000])
    blob.property("no-map", [])
    blob.end()
    blob.begin("pool")
    blob.property("size", cells: [0, 0x100_0000])
    blob.property("alignment", cells: [0, 0x20_0000])
    blob.property("alloc-ranges", cells: [0, 0x4000_0000, 0, 0x1000_0000])
    blob.end()
    blob.begin("area")
    blob.property("size", cells: [0, 0x80_0000])
    blob.property("reusable", [])
    blob.end()
    blob.begin("hidden")
    blob.property("size", cells: [0, 0x1000])
    blob.property("no-map", [])
    blob.end()
    blob.end()
  }

  private func memblock(_ blob: DeviceTreeBlob, _ body: (borrowing Memblock) -> Void) throws {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
    defer { unsafe bytes.deallocate() }
    var memblock = unsafe Memblock(arrays: bytes)
    var failure: (any Error)?
    try withFirmware(blob.data) { (firmware) throws(FirmwareError) in
      let tree = try DeviceTree(firmware)
      do throws(BootError) { try memblock.add(tree) } catch { failure = error }
    }
    if let failure { throw failure }
    memblock.checkInvariants()
    body(memblock)
  }

  @Test("memory belongs to the node that the tree names")
  func nodes() throws {
    try memblock(full) { memblock in
      #expect(memblock.frames(ofNode: 0, .size4K).start == PageFrameNumber(0x4_0000))
      #expect(memblock.frames(ofNode: 1, .size4K).start == PageFrameNumber(0x5_0000))
      #expect(memblock.frames(ofNode: 1, .size4K).end == PageFrameNumber(0x6_0000))
    }
  }

  @Test("memory that must not be mapped is marked, not reserved")
  func notMapped() throws {
    try memblock(full) { memblock in
      var hidden: [PhysicalRange] = []
      for index in 0..<memblock.memory.count
      where memblock.memory[index].flags.contains(.notMapped) {
        hidden.append(memblock.memory[index].range)
      }
      #expect(hidden.first == PhysicalRange(PhysicalAddress(0x4900_0000), count: 0x10_0000))
      #expect(hidden.count == 2)
    }
  }

  @Test("memory wanted somewhere lies where it may, aligned, as high as possible")
  func wanted() throws {
    try memblock(full) { memblock in
      var reserved: [PhysicalRange] = []
      for index in 0..<memblock.reserved.count { reserved.append(memblock.reserved[index].range) }
      #expect(
        reserved == [
          PhysicalRange(PhysicalAddress(0x4800_0000), count: 0x2_0000),
          PhysicalRange(PhysicalAddress(0x4f00_0000), count: 0x100_0000),
          PhysicalRange(PhysicalAddress(0x5f7f_f000), count: 0x80_1000),
        ])
    }
  }

  @Test("a tree that wants more than there is leaves an error")
  func tooMuch() throws {
    var blob = DeviceTreeBlob()
    blob.begin("")
    blob.begin("reserved-memory")
    blob.begin("pool")
    blob.property("size", cells: [0x1000_0000])
    blob.end()
    blob.end()
    blob.end()
    #expect(throws: (any Error).self) { try memblock(blob) { _ in } }
  }

  @Test("distances are told as the matrix states them")
  func distances() throws {
    var found: [[UInt64]] = []
    try withFirmware(full.data) { (bytes) throws(FirmwareError) in
      try DeviceTree(bytes).forEachFact { fact in
        if case .distance(let from, let to, let value) = fact {
          found.append([UInt64(from), UInt64(to), value])
        }
      }
    }
    #expect(found == [[0, 0, 10], [0, 1, 31], [1, 1, 10]])
  }

  @Test(
    "a matrix that cannot be true, or is cut, is refused",
    arguments: [[0, 1, 10], [0, 0, 20], [0, 1], [0, 0xffff_ffff, 20]] as [[UInt64]])
  func badMatrix(cells: [UInt64]) {
    var blob = DeviceTreeBlob()
    blob.begin("")
    blob.begin("distance-map")
    blob.property("distance-matrix", cells: cells)
    blob.end()
    blob.end()
    #expect(throws: FirmwareError.malformed) { try deviceTreeRanges(blob.data) }
  }

  @Test("damaged trees are read or refused, and memblock stays whole", arguments: [Seed.any])
  func damagedTrees(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let data = full.data
    for _ in 0..<2000 {
      let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
      defer { unsafe bytes.deallocate() }
      var memblock = unsafe Memblock(arrays: bytes)
      _ = try? withFirmware(damage(data, &random)) { (firmware) throws(FirmwareError) in
        let tree = try DeviceTree(firmware)
        _ = try? memblock.add(tree)
      }
      memblock.checkInvariants()
    }
  }
}
