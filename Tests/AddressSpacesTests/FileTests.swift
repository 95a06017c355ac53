import AddressSpaces
import Machine
import MemoryTypes
import PhysicalMemory
import Testing

/// Files under their mappings: they shrink and grow, are written back, and know who maps them.
struct FileTests {
  @Test("a file that shrinks takes its pages out of every mapping, private copies too")
  func shrink() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(8)
    try laboratory.map(0..<8, [.read, .write], .shared, file: file)
    try laboratory.map(10..<18, [.read, .write], .private, file: file)
    for page in 0..<8 { try laboratory.write(UInt8(page + 1), page) }
    for page in 10..<18 { try laboratory.write(UInt8(page + 1), page) }
    laboratory.resize(file, bytes: 3 * 4096 + 10)
    #expect(laboratory.space.pointee.resident.file == PageCount(4))
    #expect(laboratory.space.pointee.resident.anonymous == PageCount(4))
    for page in [4, 7, 14, 17] {
      #expect(throws: FaultError.beyondFile) { try laboratory.read(page) }
    }
    #expect(try laboratory.read(3) == 4)
    #expect(try laboratory.read(13) == 14)
    laboratory.resize(file, bytes: 8 * 4096)
    #expect(try laboratory.read(5) == 0)
    #expect(try laboratory.read(15) == 0)
    laboratory.checkInvariants()
    laboratory.services.release(file)
    laboratory.expectNothingLeft()
  }

  @Test("a mapping that shows only pages in front of the new end keeps them all")
  func shrinkBehind() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(8)
    try laboratory.map(0..<2, [.read, .write], .shared, file: file, offset: 1)
    try laboratory.map(4..<6, [.read, .write], .shared, file: file, offset: 6)
    for page in [0, 1, 4, 5] { try laboratory.write(9, page) }
    laboratory.resize(file, bytes: 3 * 4096)
    #expect(laboratory.space.pointee.resident.file == PageCount(2))
    #expect(try laboratory.read(1) == 9)
    #expect(throws: FaultError.beyondFile) { try laboratory.read(4) }
    laboratory.services.release(file)
    laboratory.expectNothingLeft()
  }

  @Test(
    "the rest of the page that a file ends in is zeroed when it shrinks, on a disk when it grows")
  func tails() throws {
    for (kind, kept): (MappedFile.Kind, UInt8) in [(.regular, 0), (.sharedMemory, 7)] {
      let laboratory = try Laboratory()
      let file = try laboratory.makeFile(1, kind)
      try laboratory.map(0..<2, [.read, .write], .shared, file: file)
      laboratory.resize(file, bytes: 1000)
      try laboratory.write(7, 0, at: 2000)
      laboratory.resize(file, bytes: 3000)
      #expect(try laboratory.read(0, at: 2000) == kept)
      try laboratory.write(8, 0, at: 2000)
      laboratory.resize(file, bytes: 2000)
      #expect(try laboratory.read(0, at: 2000) == 0)
      laboratory.services.release(file)
      laboratory.expectNothingLeft()
    }
  }

  @Test(
    "a write to a clean page of a disk's file faults, after writing back once more; memory's not")
  func writeNotification() throws {
    for (kind, expected): (MappedFile.Kind, [UInt64]) in [
      (.regular, [1, 2, 2, 3, 3]), (.sharedMemory, [1, 1, 1, 1, 1]),
    ] {
      let laboratory = try Laboratory()
      let file = try laboratory.makeFile(2, kind)
      try laboratory.map(0..<2, [.read, .write], .shared, file: file)
      var seen: [UInt64] = []
      _ = try laboratory.read(0)
      seen.append(laboratory.faults)
      try laboratory.write(1, 0)
      seen.append(laboratory.faults)
      try laboratory.protect(0..<1, .read)
      try laboratory.protect(0..<1, [.read, .write])
      try laboratory.write(2, 0)
      seen.append(laboratory.faults)
      laboratory.services.writeBack(file, from: 0, through: .max) { _ in laboratory.flush() }
      try laboratory.write(3, 0)
      seen.append(laboratory.faults)
      #expect(try laboratory.read(0) == 3)
      seen.append(laboratory.faults)
      #expect(seen == expected, "\(kind)")
      laboratory.services.release(file)
      laboratory.expectNothingLeft()
    }
  }

  @Test("writing back zeroes what was written behind the end of the file")
  func writeBackTail() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(1)
    laboratory.resize(file, bytes: 1000)
    try laboratory.map(0..<1, [.read, .write], .shared, file: file)
    try laboratory.write(7, 0, at: 999)
    try laboratory.write(7, 0, at: 1000)
    laboratory.services.writeBack(file, from: 0, through: 0) { _ in laboratory.flush() }
    #expect(try laboratory.read(0, at: 999) == 7)
    #expect(try laboratory.read(0, at: 1000) == 0)
  }

  @Test("what is written to a file shows in its mappings, and the other way round")
  func contents() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(1)
    try laboratory.map(0..<2, [.read, .write], .shared, file: file)
    try laboratory.map(4..<6, .read, .private, file: file)
    let bytes: [UInt8] = [1, 2, 3, 4]
    try laboratory.services.write(bytes.span, to: file, at: 4094)
    #expect(file.pointee.size == 4098)
    #expect(try laboratory.read(0, at: 4095) == 2)
    #expect(try laboratory.read(5, at: 1) == 4)
    try laboratory.write(9, 1, at: 0)
    #expect(laboratory.services.byte(of: file, at: 4096) == 9)
    #expect(laboratory.services.byte(of: file, at: 4098) == nil)
    laboratory.services.release(file)
    laboratory.expectNothingLeft()
  }

  @Test("neighbouring parts of one file merge when they come from one opening of it only")
  func openings() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(8)
    for (opening, pages) in [(UInt32(1), 0..<2), (1, 2..<4), (2, 4..<6)] {
      _ = try laboratory.space.pointee.mmap(
        MapRequest(
          address: laboratory.address(pages.lowerBound), length: laboratory.bytes(2),
          protection: .read, flags: [.private, .fixed], file: file, opening: opening,
          offset: UInt64(pages.lowerBound * 4096)))
    }
    #expect(laboratory.areas == ["0-4 r- @0", "4-6 r- @4"])
    try laboratory.protect(1..<3, [])
    #expect(file.pointee.mappings.count == 4)
    try laboratory.protect(1..<3, .read)
    #expect(laboratory.areas == ["0-4 r- @0", "4-6 r- @4"])
    laboratory.checkInvariants()
    laboratory.services.release(file)
    laboratory.expectNothingLeft()
  }

  @Test("the mappings of a file follow cuts, merges, moves and growth")
  func links() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(64)
    try laboratory.map(0..<16, .read, .shared, file: file)
    try laboratory.protect(4..<8, [])
    #expect(file.pointee.mappings.count == 3)
    try laboratory.protect(4..<8, .read)
    #expect(file.pointee.mappings.count == 1)
    try laboratory.unmap(2..<3)
    _ = try laboratory.remap(3..<16, to: 20, .mayMove)
    _ = try laboratory.remap(0..<2, to: 1)
    #expect(file.pointee.mappings.count == 2)
    laboratory.checkInvariants()
    try laboratory.unmap(0..<60)
    #expect(file.pointee.mappings.isEmpty)
    laboratory.services.release(file)
    laboratory.expectNothingLeft()
  }
}

extension Laboratory {
  func resize(_ file: Ref<MappedFile>, bytes: UInt64) {
    services.resize(file, to: bytes) { _ in flush() }
  }

  func write(_ byte: UInt8, _ page: Int, at offset: UInt) throws(FaultError) {
    let physical = try access(address(page) + ByteCount(offset), .write)
    unsafe hardware.directMap.pointer(to: physical).storeBytes(of: byte, as: UInt8.self)
  }

  func read(_ page: Int, at offset: UInt) throws(FaultError) -> UInt8 {
    let physical = try access(address(page) + ByteCount(offset), .read)
    return unsafe hardware.directMap.pointer(to: physical).load(as: UInt8.self)
  }
}
