import AddressSpaces
import MemoryTypes
import Testing

/// `remap_file_pages`.
struct RemapFilePagesTests {
  private func mapped() throws -> (Laboratory, Ref<MappedFile>) {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(8)
    try laboratory.map(0..<6, [.read, .write], .shared, file: file)
    for page in 0..<6 { try laboratory.write(UInt8(page + 1), page) }
    return (laboratory, file)
  }

  private func remap(
    _ laboratory: Laboratory, _ range: Range<Int>, page: UInt, _ flags: MapFlags = [],
    _ protection: Protection = []
  ) throws(MapError) -> Bool {
    defer { laboratory.flush() }
    return try laboratory.space.pointee.remapFilePages(
      laboratory.address(range.lowerBound), laboratory.bytes(range.count), protection, page: page,
      flags
    ).populates
  }

  @Test("a part shows other pages of the file, and merges where they follow one another")
  func shows() throws {
    let (laboratory, file) = try mapped()
    #expect(try remap(laboratory, 2..<4, page: 0) == true)
    #expect(laboratory.areas == ["0-2 rws @0", "2-4 rws @0", "4-6 rws @4"])
    #expect(try laboratory.read(3) == 2)
    #expect(try remap(laboratory, 2..<4, page: 2, .nonblock) == false)
    #expect(laboratory.areas == ["0-6 rws @0"])
    #expect(try laboratory.read(3) == 4)
    laboratory.checkInvariants()
    laboratory.services.release(file)
    laboratory.expectNothingLeft()
  }

  @Test("the whole of shared memory that nothing else holds keeps its pages")
  func keepsObject() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<4, [.read, .write], [.shared, .anonymous])
    try laboratory.write(9, 3)
    _ = try remap(laboratory, 0..<4, page: 3)
    #expect(try laboratory.read(0) == 9)
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("areas of one file with the same flags may be spanned")
  func spans() throws {
    let (laboratory, file) = try mapped()
    _ = try remap(laboratory, 2..<4, page: 6)
    _ = try remap(laboratory, 1..<5, page: 1)
    #expect(laboratory.areas == ["0-6 rws @0"])
    laboratory.checkInvariants()
    laboratory.services.release(file)
  }

  @Test("start and length are rounded down")
  func rounds() throws {
    let (laboratory, file) = try mapped()
    let (range, _) = try laboratory.space.pointee.remapFilePages(
      laboratory.address(1) + ByteCount(5), ByteCount(2 * 4096 - 1), [], page: 7, [])
    #expect(range == VirtualRange(laboratory.address(1), laboratory.address(2)))
    #expect(laboratory.areas == ["0-1 rws @0", "1-2 rws @7", "2-6 rws @2"])
    laboratory.services.release(file)
  }

  @Test("EINVAL: protection, lengths, wrapping, holes, private, read-only and unequal areas")
  func invalid() throws {
    let (laboratory, file) = try mapped()
    try laboratory.map(8..<10, [.read, .write], .shared, file: file)
    try laboratory.map(12..<14)
    try laboratory.map(14..<16, .read, .shared, file: file, access: .read)
    try laboratory.map(6..<8, .read, .shared, file: file)
    func refuses(
      _ range: Range<Int>, page: UInt = 0, _ protection: Protection = [], line: Int = #line
    ) {
      #expect(throws: MapError.invalidArgument, "line \(line)") {
        try remap(laboratory, range, page: page, [], protection)
      }
    }
    refuses(0..<2, .read)
    refuses(0..<0)
    refuses(0..<2, page: .max)
    refuses(5..<7)
    refuses(9..<11)
    refuses(10..<11)
    refuses(12..<13)
    refuses(14..<15)
    #expect(throws: MapError.invalidArgument) {
      try laboratory.space.pointee.remapFilePages(
        laboratory.address(0), ByteCount(.max), [], page: 0, [])
    }
    laboratory.services.release(file)
    laboratory.expectNothingLeft()
  }

  @Test("EAGAIN, EPERM, EOVERFLOW: what the new mapping is refused for")
  func refusals() throws {
    let (laboratory, file) = try mapped()
    try laboratory.seal(0..<2)
    #expect(throws: MapError.notPermitted) { try remap(laboratory, 0..<1, page: 3) }
    #expect(throws: MapError.offsetOverflow) { try remap(laboratory, 2..<3, page: 1 << 52) }
    laboratory.space.pointee.limits.locked = laboratory.bytes(4)
    try laboratory.map(20..<24, [.read, .write], [.shared, .anonymous, .locked])
    #expect(throws: MapError.lockedLimit) { try remap(laboratory, 20..<21, page: 1) }
    laboratory.services.release(file)
    laboratory.checkInvariants()
  }
}
