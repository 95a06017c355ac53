import AddressSpaces
import MemoryTypes
import Testing

/// `munmap`, `mprotect` and `brk`: what they do and what they refuse.
struct CallTests {
  @Test("unmapping the middle leaves both ends with their pages")
  func unmapMiddle() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<6)
    for page in 0..<6 { try laboratory.write(UInt8(page + 1), page) }
    try laboratory.unmap(2..<4)
    #expect(laboratory.areas == ["0-2 rw", "4-6 rw"])
    #expect(try laboratory.read(1) == 2)
    #expect(try laboratory.read(5) == 6)
    #expect(throws: FaultError.notMapped) { try laboratory.read(2) }
    #expect(laboratory.space.pointee.resident.anonymous == PageCount(4))
    laboratory.checkInvariants()
  }

  @Test("unmapping spans areas and holes, and a range without a mapping is no error")
  func unmapMany() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    try laboratory.map(4..<6, .read)
    try laboratory.map(7..<9)
    try laboratory.unmap(1..<8)
    #expect(laboratory.areas == ["0-1 rw", "8-9 rw"])
    try laboratory.unmap(1..<8)
    #expect(laboratory.areas == ["0-1 rw", "8-9 rw"])
  }

  @Test("munmap refuses what is misaligned, empty or beyond the task size")
  func unmapArguments() throws {
    let laboratory = try Laboratory()
    let taskSize = laboratory.space.pointee.layout.taskSize
    let refused: [(VirtualAddress, UInt)] = [
      (VirtualAddress(0x4000_0001), 4096), (laboratory.address(0), 0), (taskSize, 4096),
      (taskSize + ByteCount(4096), 0), (laboratory.address(0), .max),
    ]
    for (start, length) in refused {
      #expect(throws: MapError.invalidArgument, "\(start) \(length)") {
        try laboratory.space.pointee.munmap(start, ByteCount(length))
      }
    }
    try laboratory.space.pointee.munmap(laboratory.address(0), ByteCount(1))
  }

  @Test("mprotect goes over several areas")
  func protectMany() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<3)
    try laboratory.map(3..<6, .read)
    try laboratory.map(6..<9, [.read, .execute])
    try laboratory.protect(1..<8, [])
    #expect(laboratory.areas == ["0-1 rw", "1-8 --", "8-9 r-x"])
    laboratory.checkInvariants()
  }

  @Test("mprotect over a hole changes what lies before it and then fails")
  func protectHole() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    try laboratory.map(4..<6)
    #expect(throws: MapError.outOfMemory) { try laboratory.protect(1..<6, .read) }
    #expect(laboratory.areas == ["0-1 rw", "1-2 r-", "4-6 rw"])
    #expect(throws: MapError.outOfMemory) { try laboratory.protect(3..<6, .read) }
    #expect(laboratory.areas == ["0-1 rw", "1-2 r-", "4-6 rw"])
  }

  @Test("mprotect refuses to make a shared mapping of a read-only file writable")
  func protectForbidden() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(4)
    try laboratory.map(0..<2, .read, .shared, file: file, access: .read)
    #expect(throws: MapError.accessDenied) { try laboratory.protect(0..<2, [.read, .write]) }
    try laboratory.map(2..<4, .read, .private, file: file, access: .read)
    try laboratory.protect(2..<4, [.read, .write])
    #expect(laboratory.areas == ["0-2 r- @0", "2-4 rw @0"])
  }

  @Test("mprotect refuses bad arguments, and length 0 does nothing")
  func protectArguments() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    let start = laboratory.address(0)
    let refused: [(VirtualAddress, UInt, Protection, MapError)] = [
      (start + ByteCount(1), 4096, .read, .invalidArgument),
      (start, 4096, [.growsDown, .growsUp], .invalidArgument),
      (start, 4096, Protection(rawValue: 0x10), .invalidArgument),
      (start, 4096, [.read, .growsDown], .invalidArgument),
      (start, 4096, [.read, .growsUp], .invalidArgument),
      (start, .max, .read, .outOfMemory),
    ]
    for (address, length, protection, error) in refused {
      #expect(throws: error, "\(address) \(length) \(protection)") {
        try laboratory.space.pointee.mprotect(address, ByteCount(length), protection)
      }
    }
    try laboratory.space.pointee.mprotect(start, ByteCount(0), .read)
    #expect(laboratory.areas == ["0-2 rw"])
  }

  @Test("PROT_GROWSDOWN reaches down to the start of the stack")
  func protectStack() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<4, [.read, .write], [.private, .anonymous, .growsDown])
    try laboratory.protect(3..<4, [.read, .growsDown])
    #expect(laboratory.areas == ["0-4 r-"])
  }
}

/// The heap's end.
struct BreakTests {
  private func laboratory(_ limits: ResourceLimits = ResourceLimits()) throws -> Laboratory {
    let laboratory = try Laboratory(limits: limits)
    laboratory.space.pointee.setHeap(
      start: laboratory.address(0), programBreak: laboratory.address(0))
    return laboratory
  }

  @Test("the break grows and shrinks to the byte, the area to the page")
  func growsAndShrinks() throws {
    let laboratory = try laboratory()
    let wanted = laboratory.address(2) + ByteCount(10)
    #expect(laboratory.setBreak(wanted) == wanted)
    #expect(laboratory.areas == ["0-3 rw"])
    try laboratory.write(1, 2)
    #expect(laboratory.setBreak(laboratory.address(5)) == laboratory.address(5))
    #expect(laboratory.areas == ["0-5 rw"])
    #expect(laboratory.setBreak(laboratory.address(1)) == laboratory.address(1))
    #expect(laboratory.areas == ["0-1 rw"])
    #expect(laboratory.space.pointee.resident.anonymous == .zero)
    #expect(laboratory.setBreak(laboratory.address(0)) == laboratory.address(0))
    #expect(laboratory.areas == [])
    laboratory.checkInvariants()
  }

  @Test("below the heap's start nothing is asked for")
  func query() throws {
    let laboratory = try laboratory()
    _ = laboratory.setBreak(laboratory.address(2))
    #expect(laboratory.setBreak(VirtualAddress(0)) == laboratory.address(2))
    #expect(laboratory.setBreak(laboratory.address(-1)) == laboratory.address(2))
  }

  @Test("a page stays free between the heap and the next mapping")
  func refusedByNeighbour() throws {
    let laboratory = try laboratory()
    try laboratory.map(5..<6)
    #expect(laboratory.setBreak(laboratory.address(4)) == laboratory.address(4))
    #expect(laboratory.setBreak(laboratory.address(5)) == laboratory.address(4))
    #expect(laboratory.areas == ["0-4 rw", "5-6 rw"])
  }

  @Test("the data limit, the end of the space and the last address refuse")
  func refusedByLimits() throws {
    var limits = ResourceLimits()
    limits.data = ByteCount(4 * Laboratory.pageBytes)
    let limited = try laboratory(limits)
    #expect(limited.setBreak(limited.address(5)) == limited.address(0))
    #expect(limited.setBreak(limited.address(4)) == limited.address(4))
    let free = try laboratory()
    let taskSize = free.space.pointee.layout.taskSize
    for wanted in [taskSize + ByteCount(1), VirtualAddress(.max), VirtualAddress(.max - 4095)] {
      #expect(free.setBreak(wanted) == free.address(0))
    }
    free.checkInvariants()
  }

  @Test("the program's own area in front of the heap does not become part of it")
  func programStaysApart() throws {
    let laboratory = try laboratory()
    try laboratory.map(-2..<0)
    _ = laboratory.setBreak(laboratory.address(1))
    #expect(laboratory.areas == ["-2-0 rw", "0-1 rw"])
  }

  @Test("a heap whose last page was unmapped does not shrink")
  func shrinkWithoutPage() throws {
    let laboratory = try laboratory()
    _ = laboratory.setBreak(laboratory.address(4))
    try laboratory.unmap(3..<4)
    #expect(laboratory.setBreak(laboratory.address(3)) == laboratory.address(4))
    #expect(laboratory.setBreak(laboratory.address(2)) == laboratory.address(2))
    #expect(laboratory.areas == ["0-2 rw"])
  }
}
