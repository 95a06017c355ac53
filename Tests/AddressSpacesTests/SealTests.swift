import AddressSpaces
import MemoryTypes
import Testing

/// `mseal`, and what a seal forbids.
struct SealTests {
  @Test("a sealed range is an area of its own, and sealed areas merge")
  func splits() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<6)
    try laboratory.seal(1..<3)
    #expect(laboratory.areas == ["0-1 rw", "1-3 rw", "3-6 rw"])
    try laboratory.seal(0..<6)
    #expect(laboratory.areas == ["0-6 rw"])
    try laboratory.seal(0..<6)
    laboratory.checkInvariants()
  }

  @Test("it cannot be unmapped, replaced or protected otherwise; writing goes on")
  func forbids() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<6)
    try laboratory.seal(2..<4)
    let denied = MapError.notPermitted
    #expect(throws: denied) { try laboratory.unmap(2..<4) }
    #expect(throws: denied) { try laboratory.unmap(3..<4) }
    #expect(throws: denied) { try laboratory.map(3..<5) }
    #expect(throws: denied) { try laboratory.protect(2..<3, .read) }
    #expect(throws: denied) { try laboratory.protect(2..<3, [.read, .write]) }
    try laboratory.write(4, 2)
    #expect(try laboratory.read(2) == 4)
    #expect(laboratory.areas.contains("2-4 rw"))
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("what lies before a sealed area in a range is split off, no more")
  func failureLeaves() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<4)
    try laboratory.map(4..<6, .read)
    try laboratory.seal(4..<6)
    #expect(throws: MapError.notPermitted) { try laboratory.unmap(2..<6) }
    #expect(laboratory.areas == ["0-2 rw", "2-4 rw", "4-6 r-"])
    #expect(throws: MapError.notPermitted) { try laboratory.protect(0..<6, .execute) }
    #expect(laboratory.areas == ["0-4 --x", "4-6 r-"])
    laboratory.checkInvariants()
  }

  @Test("a heap whose end is sealed keeps its break")
  func heap() throws {
    let laboratory = try Laboratory()
    let start = laboratory.address(0)
    laboratory.space.pointee.setHeap(start: start, programBreak: start)
    let end = laboratory.address(4)
    #expect(laboratory.setBreak(end) == end)
    try laboratory.seal(3..<4)
    #expect(laboratory.setBreak(laboratory.address(2)) == end)
    laboratory.checkInvariants()
  }

  @Test("EINVAL for flags, alignment and lengths, ENOMEM for holes, ENOSYS before 6.10")
  func arguments() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    try laboratory.map(4..<6)
    let space = laboratory.space
    let (start, page) = (laboratory.address(0), ByteCount(4096))
    #expect(throws: MapError.invalidArgument) { try space.pointee.mseal(start, page, flags: 1) }
    #expect(throws: MapError.invalidArgument) {
      try space.pointee.mseal(start + ByteCount(1), page, flags: 0)
    }
    #expect(throws: MapError.invalidArgument) {
      try space.pointee.mseal(start, ByteCount(.max), flags: 0)
    }
    #expect(throws: MapError.invalidArgument) {
      try space.pointee.mseal(start, ByteCount(UInt.max - 8191), flags: 0)
    }
    #expect(throws: MapError.outOfMemory) { try laboratory.seal(0..<5) }
    #expect(throws: MapError.outOfMemory) { try laboratory.seal(8..<9) }
    try laboratory.seal(20..<20)
    #expect(laboratory.areas == ["0-2 rw", "4-6 rw"])
    try laboratory.unmap(0..<2)
    let before = try Laboratory(version: LinuxVersion(6, 1))
    #expect(throws: MapError.notImplemented) { try before.seal(0..<1) }
  }

  @Test("a seal that cannot split for the limit of areas leaves those before it sealed")
  func limit() throws {
    var limits = ResourceLimits()
    limits.maximumVMAs = 3
    let laboratory = try Laboratory(limits: limits)
    try laboratory.map(0..<2)
    try laboratory.map(2..<6, .read)
    try laboratory.map(10..<11, .read)
    #expect(throws: MapError.outOfMemory) { try laboratory.seal(0..<4) }
    #expect(throws: MapError.notPermitted) { try laboratory.unmap(0..<2) }
    try laboratory.unmap(5..<6)
  }
}
