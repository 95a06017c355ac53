import AddressSpaces
import Machine
import MemoryTypes
import PhysicalMemory
import Testing

/// What an access finds, and what it costs.
struct FaultTests {
  @Test("each first write takes one fault and one zeroed frame")
  func demandZero() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<256)
    for page in 0..<256 { try laboratory.write(UInt8(truncatingIfNeeded: page), page) }
    #expect(laboratory.faults == 256)
    #expect(laboratory.space.pointee.resident.anonymous == PageCount(256))
    for page in 0..<256 { #expect(try laboratory.read(page) == UInt8(truncatingIfNeeded: page)) }
    #expect(laboratory.faults == 256)
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("untouched memory reads as zeros from one frame, and a write then takes a second fault")
  func zeroPage() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<16)
    let first = try laboratory.access(laboratory.address(0), .read)
    for page in 1..<16 {
      let other = try laboratory.access(laboratory.address(page), .read)
      #expect(other == first)
    }
    #expect(laboratory.space.pointee.resident.total == .zero)
    for page in 0..<16 { try laboratory.write(5, page) }
    #expect(laboratory.faults == 32)
    #expect(laboratory.space.pointee.resident.anonymous == PageCount(16))
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("a frame that was another program's comes zeroed")
  func reusedFrames() throws {
    let laboratory = try Laboratory(frames: 512)
    try laboratory.map(0..<300)
    for page in 0..<300 { try laboratory.write(0xEE, page) }
    try laboratory.unmap(0..<300)
    try laboratory.map(0..<300)
    for page in 0..<300 {
      let physical = try laboratory.access(laboratory.address(page), .write)
      let byte = unsafe laboratory.hardware.directMap.pointer(to: physical)
        .load(as: UInt8.self)
      #expect(byte == 0)
    }
  }

  @Test("shared mappings of a file show one page, private ones a copy from the first write on")
  func files() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(4)
    try laboratory.map(0..<4, [.read, .write], .shared, file: file)
    try laboratory.map(10..<14, [.read, .write], .private, file: file)
    try laboratory.write(7, 1)
    #expect(try laboratory.read(11) == 7)
    try laboratory.write(8, 1)
    #expect(try laboratory.read(11) == 8)
    try laboratory.write(9, 11)
    #expect(try laboratory.read(1) == 8)
    #expect(try laboratory.read(11) == 9)
    #expect(laboratory.space.pointee.resident.file == PageCount(1))
    #expect(laboratory.space.pointee.resident.anonymous == PageCount(1))
    laboratory.checkInvariants()
    laboratory.services.release(file)
    laboratory.expectNothingLeft()
  }

  @Test("shared anonymous memory counts as shared and stays as long as a part is mapped")
  func sharedMemory() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<4, [.read, .write], [.shared, .anonymous])
    try laboratory.write(3, 2)
    #expect(laboratory.space.pointee.resident.shared == PageCount(1))
    try laboratory.unmap(0..<2)
    #expect(try laboratory.read(2) == 3)
    #expect(laboratory.committed == 4)
    laboratory.checkInvariants()
    try laboratory.unmap(2..<4)
    #expect(laboratory.committed == 0)
    laboratory.expectNothingLeft()
  }

  @Test("frames are free only after the flush, those of shared memory too")
  func freedAfterFlush() throws {
    for flags: MapFlags in [[.private, .anonymous], [.shared, .anonymous]] {
      let laboratory = try Laboratory()
      try laboratory.map(0..<8, [.read, .write], flags)
      for page in 0..<8 { try laboratory.write(1, page) }
      let before = laboratory.pages.pointee.freePageCount
      try laboratory.space.pointee.munmap(laboratory.address(0), laboratory.bytes(8))
      #expect(laboratory.pages.pointee.freePageCount == before)
      laboratory.flush()
      #expect(laboratory.pages.pointee.freePageCount >= before + PageCount(8))
      laboratory.expectNothingLeft()
    }
  }

  @Test("a page wholly beyond the file cannot be accessed, its last part-page can")
  func beyondFile() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(2)
    file.pointee.size -= 4000
    try laboratory.map(0..<4, [.read, .write], .private, file: file)
    try laboratory.write(1, 1)
    #expect(throws: FaultError.beyondFile) { try laboratory.read(2) }
    #expect(throws: FaultError.beyondFile) { try laboratory.write(1, 3) }
    #expect(laboratory.faults == 1)
  }

  @Test("accesses that the mapping forbids are refused and count no fault")
  func forbidden() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<1, [])
    try laboratory.map(1..<2, .read)
    try laboratory.map(2..<3, [.read, .write])
    let refused: [(Int, MemoryAccess, FaultError)] = [
      (0, .read, .accessDenied), (0, .write, .accessDenied), (0, .execute, .accessDenied),
      (1, .write, .accessDenied), (1, .execute, .accessDenied), (2, .execute, .accessDenied),
      (3, .read, .notMapped), (-1, .write, .notMapped),
    ]
    for (page, access, error) in refused {
      #expect(throws: error, "page \(page), \(access)") {
        try laboratory.access(laboratory.address(page), access)
      }
    }
    #expect(throws: FaultError.notMapped) {
      try laboratory.access(VirtualAddress(0xffff_8000_0000_0000), .read)
    }
    #expect(laboratory.faults == 0)
  }

  @Test("what may be written or executed may be read, as on x86")
  func impliedRead() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<1, .write)
    try laboratory.map(1..<2, .execute)
    #expect(try laboratory.read(0) == 0)
    #expect(try laboratory.read(1) == 0)
    try laboratory.access(laboratory.address(1), .execute)
  }

  @Test("a page that turns read-only refuses writes at once and takes them again without a fault")
  func protection() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    try laboratory.write(1, 0)
    try laboratory.protect(0..<1, .read)
    #expect(throws: FaultError.accessDenied) { try laboratory.write(2, 0) }
    try laboratory.protect(0..<1, [.read, .write])
    try laboratory.write(3, 0)
    #expect(laboratory.faults == 1)
    try laboratory.protect(0..<2, [])
    #expect(throws: FaultError.accessDenied) { try laboratory.read(0) }
    laboratory.checkInvariants()
  }

  @Test("populating brings in the pages of every area and skips what forbids access")
  func populate() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<4)
    try laboratory.map(4..<6, [])
    try laboratory.map(6..<8, .read)
    laboratory.space.pointee.populate(
      VirtualRange(laboratory.address(0), laboratory.address(8)))
    #expect(laboratory.space.pointee.resident.anonymous == PageCount(4))
    #expect(laboratory.faults == 6)
    try laboratory.write(1, 3)
    _ = try laboratory.read(7)
    #expect(laboratory.faults == 6)
    laboratory.checkInvariants()
  }

  @Test("without a frame the fault says so, and the space goes on")
  func outOfMemory() throws {
    let laboratory = try Laboratory(frames: 400)
    try laboratory.map(0..<600)
    var written = 0
    while (try? laboratory.write(1, written)) != nil { written += 1 }
    #expect(written > 100 && written < 400)
    #expect(throws: FaultError.outOfMemory) { try laboratory.write(1, written) }
    laboratory.checkInvariants()
    try laboratory.unmap(0..<2)
    try laboratory.write(1, written)
    laboratory.expectNothingLeft()
  }
}
