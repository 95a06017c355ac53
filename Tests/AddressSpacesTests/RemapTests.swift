import AddressSpaces
import MemoryTypes
import Testing

/// `mremap`.
struct RemapTests {
  private func filled(_ pages: Int) throws -> Laboratory {
    let laboratory = try Laboratory()
    try laboratory.map(0..<pages)
    for page in 0..<pages { try laboratory.write(UInt8(page + 1), page) }
    return laboratory
  }

  @Test("a mapping grows where it stands when the room above is free")
  func growsInPlace() throws {
    let laboratory = try filled(2)
    #expect(try laboratory.remap(0..<2, to: 4) == laboratory.address(0))
    #expect(laboratory.areas == ["0-4 rw"])
    #expect(try laboratory.read(1) == 2)
    #expect(try laboratory.read(3) == 0)
    laboratory.checkInvariants()
  }

  @Test("one that grows up to a mapping like it merges with that")
  func growsAndMerges() throws {
    let laboratory = try filled(2)
    try laboratory.map(4..<6)
    _ = try laboratory.remap(0..<2, to: 4)
    #expect(laboratory.areas == ["0-6 rw"])
    laboratory.checkInvariants()
  }

  @Test("the rest of a shrunk mapping is gone")
  func shrinks() throws {
    let laboratory = try filled(4)
    #expect(try laboratory.remap(0..<4, to: 1) == laboratory.address(0))
    #expect(laboratory.areas == ["0-1 rw"])
    #expect(try laboratory.read(0) == 1)
    laboratory.checkInvariants()
  }

  @Test("what cannot grow where it stands moves with its pages, if it may")
  func moves() throws {
    let laboratory = try filled(3)
    try laboratory.map(3..<4, .read)
    #expect(throws: MapError.outOfMemory) { try laboratory.remap(0..<3, to: 5) }
    let start = try laboratory.remap(0..<3, to: 5, .mayMove)
    let first = laboratory.page(start)
    #expect(laboratory.areas == ["3-4 r-", "\(first)-\(first + 5) rw"])
    for page in 0..<3 { #expect(try laboratory.read(first + page) == UInt8(page + 1)) }
    #expect(throws: FaultError.notMapped) { try laboratory.read(0) }
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("the middle of an area moves out of it and leaves the ends")
  func movesMiddle() throws {
    let laboratory = try filled(6)
    _ = try laboratory.remap(2..<4, to: 2, [.mayMove, .fixed], at: 20)
    #expect(laboratory.areas == ["0-2 rw", "4-6 rw", "20-22 rw"])
    #expect(try laboratory.read(20) == 3)
    #expect(try laboratory.read(21) == 4)
    laboratory.checkInvariants()
  }

  @Test("at a fixed place it replaces what is there, and takes its size")
  func movesToFixed() throws {
    let laboratory = try filled(4)
    try laboratory.map(10..<20, .read)
    _ = try laboratory.remap(0..<4, to: 2, [.mayMove, .fixed], at: 12)
    #expect(laboratory.areas == ["10-12 r-", "12-14 rw", "14-20 r-"])
    _ = try laboratory.remap(12..<14, to: 5, [.mayMove, .fixed], at: 30)
    #expect(laboratory.areas == ["10-12 r-", "14-20 r-", "30-35 rw"])
    #expect(try laboratory.read(31) == 2)
    #expect(try laboratory.read(34) == 0)
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("untouched memory that moves beside its like merges, touched memory does not")
  func mergesAfterMove() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    try laboratory.map(10..<12)
    _ = try laboratory.remap(0..<2, to: 2, [.mayMove, .fixed], at: 12)
    #expect(laboratory.areas == ["10-14 rw"])
    try laboratory.map(0..<2)
    try laboratory.write(1, 0)
    _ = try laboratory.remap(0..<2, to: 2, [.mayMove, .fixed], at: 14)
    #expect(laboratory.areas == ["10-14 rw", "14-16 rw"])
    laboratory.checkInvariants()
  }

  @Test("a file's mapping keeps showing the same pages of it")
  func movesFile() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(8)
    try laboratory.map(0..<4, [.read, .write], .shared, file: file, offset: 2)
    try laboratory.write(9, 3)
    _ = try laboratory.remap(2..<4, to: 2, [.mayMove, .fixed], at: 20)
    #expect(laboratory.areas == ["0-2 rws @2", "20-22 rws @4"])
    #expect(try laboratory.read(21) == 9)
    laboratory.checkInvariants()
    laboratory.services.release(file)
    laboratory.expectNothingLeft()
  }

  @Test("a move asks for a promise of the growth only")
  func promises() throws {
    let laboratory = try Laboratory(overcommit: .never, totalPages: 22)
    try laboratory.map(0..<6)
    #expect(laboratory.committed == 6)
    _ = try laboratory.remap(0..<6, to: 6, [.mayMove, .fixed], at: 20)
    #expect(laboratory.committed == 6)
    _ = try laboratory.remap(20..<26, to: 10, [.mayMove, .fixed], at: 40)
    #expect(laboratory.committed == 10)
    #expect(throws: MapError.outOfMemory) {
      try laboratory.remap(40..<50, to: 11, [.mayMove, .fixed], at: 0)
    }
    #expect(laboratory.committed == 10)
    laboratory.expectNothingLeft()
  }

  @Test("bad arguments are refused")
  func arguments() throws {
    let laboratory = try filled(4)
    try laboratory.map(4..<6, .read)
    let (invalid, fault) = (MapError.invalidArgument, MapError.badAddress)
    func refuses(
      _ error: MapError, _ range: Range<Int>, _ count: Int, _ flags: RemapFlags = [],
      at target: Int? = nil, line: Int = #line
    ) {
      #expect(throws: error, "line \(line)") {
        try laboratory.remap(range, to: count, flags, at: target)
      }
    }
    refuses(invalid, 0..<2, 0)
    refuses(invalid, 0..<2, 2, RemapFlags(rawValue: 8))
    refuses(invalid, 0..<2, 2, .fixed, at: 20)
    refuses(invalid, 0..<2, 2, [.mayMove, .fixed], at: 1)
    refuses(fault, 7..<8, 2)
    refuses(fault, 3..<5, 4)
    #expect(throws: invalid) {
      try laboratory.space.pointee.mremap(
        laboratory.address(0) + ByteCount(1), oldLength: ByteCount(4096),
        newLength: ByteCount(4096), [], newAddress: VirtualAddress(0))
    }
    #expect(laboratory.areas == ["0-4 rw", "4-6 r-"])
    laboratory.checkInvariants()
  }
}
