import AddressSpaces
import MemoryTypes
import Testing

/// `mincore` and `msync`.
struct ResidenceTests {
  @Test("private memory counts when it is mapped, a file's when it is in the cache")
  func kinds() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(4)
    try laboratory.map(0..<2)
    try laboratory.map(2..<4, .read, .private, file: file)
    try laboratory.map(8..<10, .read, .shared, file: file)
    _ = try laboratory.read(0)
    _ = try laboratory.read(8)
    #expect(try laboratory.residence(0..<4) == "1010")
    file.pointee.isWritableByCaller = false
    #expect(try laboratory.residence(0..<4) == "1011")
    laboratory.services.release(file)
    laboratory.expectNothingLeft()
  }

  @Test("a hole ends the answer; misaligned starts and what is beyond the task are refused")
  func arguments() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    let space = laboratory.space
    let start = laboratory.address(0)
    var seen = 0
    #expect(throws: MapError.outOfMemory) {
      try space.pointee.mincore(start, laboratory.bytes(3)) { _ in seen += 1 }
    }
    #expect(seen == 2)
    #expect(throws: MapError.invalidArgument) {
      try space.pointee.mincore(start + ByteCount(1), .zero) { _ in }
    }
    #expect(throws: MapError.outOfMemory) {
      try space.pointee.mincore(start, ByteCount(.max)) { _ in }
    }
    #expect(throws: MapError.outOfMemory) {
      try space.pointee.mincore(VirtualAddress(1 << 63), ByteCount(1)) { _ in }
    }
    try space.pointee.mincore(laboratory.address(9), .zero) { _ in seen += 1 }
    #expect(seen == 2)
  }

  @Test("msync refuses unknown flags, both ways at once, misaligned starts and ranges that wrap")
  func synchronizeArguments() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    let space = laboratory.space
    for flags: SynchronizeFlags in [SynchronizeFlags(rawValue: 8), [.asynchronous, .synchronous]] {
      #expect(throws: MapError.invalidArgument) { try laboratory.synchronize(0..<1, flags) }
    }
    #expect(throws: MapError.invalidArgument) {
      try space.msync(laboratory.address(0) + ByteCount(1), .zero, .synchronous) { _ in }
    }
    #expect(throws: MapError.outOfMemory) {
      try space.msync(VirtualAddress(0 &- 4096), ByteCount(8192), .synchronous) { _ in }
    }
    try laboratory.synchronize(9..<9, .synchronous)
    try laboratory.synchronize(0..<2, [])
  }

  @Test("msync goes on behind a hole unless it is asynchronous, and tells of it")
  func synchronizeHoles() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    try laboratory.map(4..<6)
    for flags: SynchronizeFlags in [.synchronous, .asynchronous, .invalidate] {
      #expect(throws: MapError.outOfMemory) { try laboratory.synchronize(0..<6, flags) }
      #expect(throws: MapError.outOfMemory) { try laboratory.synchronize(2..<4, flags) }
      #expect(throws: MapError.outOfMemory) { try laboratory.synchronize(5..<9, flags) }
    }
    try laboratory.lock(4..<6)
    #expect(throws: MapError.busy) { try laboratory.synchronize(0..<6, .invalidate) }
    #expect(throws: MapError.busy) {
      try laboratory.synchronize(4..<5, [.invalidate, .synchronous])
    }
    #expect(throws: MapError.outOfMemory) { try laboratory.synchronize(0..<6, .synchronous) }
  }

  @Test("a page of a disk's file that was written back takes a fault at the next write")
  func writeBack() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(2)
    try laboratory.map(0..<2, [.read, .write], .shared, file: file)
    try laboratory.write(7, 0)
    let before = laboratory.faults
    try laboratory.synchronize(0..<2, .asynchronous)
    try laboratory.write(8, 0)
    #expect(laboratory.faults == before)
    try laboratory.synchronize(0..<2, .synchronous)
    try laboratory.write(9, 0)
    #expect(laboratory.faults == before + 1)
    #expect(try laboratory.read(0) == 9)
    laboratory.services.release(file)
    laboratory.expectNothingLeft()
  }
}
