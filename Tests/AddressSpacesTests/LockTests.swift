import AddressSpaces
import MemoryTypes
import Testing

/// `mlock`, `mlock2`, `munlock`, `mlockall`, `munlockall`.
struct LockTests {
  private func limited(_ pages: UInt) throws -> Laboratory {
    var limits = ResourceLimits()
    limits.locked = ByteCount(pages * Laboratory.pageBytes)
    return try Laboratory(limits: limits)
  }

  @Test("a locked range is split off, counted and brought in; unlocking merges it again")
  func lock() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<6)
    try laboratory.lock(2..<4)
    #expect(laboratory.areas == ["0-2 rw", "2-4 rw", "4-6 rw"])
    #expect(laboratory.flags(2) == "rd wr mr mw me lo ac")
    #expect(try laboratory.residence(0..<6) == "001100")
    #expect(laboratory.locked == 2)
    try laboratory.unlock(1..<5)
    #expect(laboratory.areas == ["0-6 rw"])
    #expect(laboratory.locked == 0)
    #expect(try laboratory.residence(0..<6) == "001100")
    laboratory.checkInvariants()
  }

  @Test("locking on fault brings nothing in, and locking plainly afterwards counts nothing twice")
  func onFault() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    try laboratory.lock(0..<2, onFault: true)
    #expect(laboratory.flags(0) == "rd wr mr mw me lo lf ac")
    #expect(try laboratory.residence(0..<2) == "00")
    try laboratory.lock(0..<2)
    #expect(laboratory.flags(0) == "rd wr mr mw me lo ac")
    #expect(try laboratory.residence(0..<2) == "11")
    #expect(laboratory.locked == 2)
  }

  @Test("the limit counts what is locked in the range once")
  func limit() throws {
    let laboratory = try limited(4)
    try laboratory.map(0..<8)
    try laboratory.lock(0..<3)
    #expect(throws: MapError.outOfMemory) { try laboratory.lock(4..<6) }
    #expect(laboratory.locked == 3)
    try laboratory.lock(0..<4)
    #expect(throws: MapError.outOfMemory) { try laboratory.lock(1..<6) }
    laboratory.space.pointee.limits.privileges = .locking
    try laboratory.lock(0..<8)
    #expect(laboratory.locked == 8)
    laboratory.checkInvariants()
  }

  @Test("where nothing may be locked every lock is refused, unlocking is not")
  func nothing() throws {
    let laboratory = try limited(0)
    try laboratory.map(0..<1)
    #expect(throws: MapError.notPermitted) { try laboratory.lock(0..<1) }
    #expect(throws: MapError.notPermitted) { try laboratory.lockAll(.current) }
    #expect(throws: MapError.notPermitted) {
      try laboratory.map(4..<5, .read, [.private, .anonymous, .locked])
    }
    try laboratory.unlock(0..<1)
    laboratory.space.pointee.munlockall()
  }

  @Test("a hole stops a lock and an unlock; what lies before it has changed, and no page came")
  func hole() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    try laboratory.map(4..<6)
    #expect(throws: MapError.outOfMemory) { try laboratory.lock(1..<5) }
    #expect(laboratory.areas == ["0-1 rw", "1-2 rw", "4-6 rw"])
    #expect(laboratory.locked == 1)
    #expect(try laboratory.residence(1..<2) == "0")
    #expect(throws: MapError.outOfMemory) { try laboratory.unlock(1..<5) }
    #expect(laboratory.areas == ["0-2 rw", "4-6 rw"])
    #expect(laboratory.locked == 0)
  }

  @Test("memory that nobody may use, and pages behind a file's end, are locked and refused")
  func unpopulated() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(1)
    try laboratory.map(0..<1)
    try laboratory.map(1..<2, [])
    try laboratory.map(4..<6, .read, .private, file: file)
    #expect(throws: MapError.outOfMemory) { try laboratory.lock(0..<2) }
    #expect(laboratory.locked == 2)
    #expect(laboratory.isMapped(0))
    #expect(throws: MapError.outOfMemory) { try laboratory.lock(4..<6) }
    #expect(laboratory.locked == 4)
    try laboratory.lock(1..<2, onFault: true)
    laboratory.services.release(file)
    laboratory.expectNothingLeft()
  }

  @Test("a page that memory is short for asks to be tried again, and the range is locked")
  func shortOfMemory() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<3)
    let failures = laboratory.failing(.failing(nth: 1), of: .frames) {
      #expect(throws: MapError.tryAgain) { try laboratory.lock(0..<3) }
    }
    #expect(failures > 0)
    #expect(laboratory.locked == 3)
    laboratory.checkInvariants()
  }

  @Test("a range is extended to whole pages; one that wraps is refused")
  func ranges() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<4)
    let space = laboratory.space
    try space.pointee.mlock(laboratory.address(1) + ByteCount(4095), ByteCount(2), onFault: true)
    #expect(laboratory.locked == 2)
    try space.pointee.mlock(laboratory.address(0), .zero, onFault: true)
    #expect(laboratory.locked == 2)
    try space.pointee.mlock(laboratory.address(0) + ByteCount(1), .zero, onFault: true)
    #expect(laboratory.locked == 3)
    space.pointee.limits.privileges = .locking
    let top = VirtualAddress(0 &- 4096)
    #expect(throws: MapError.invalidArgument) {
      try space.pointee.mlock(top, ByteCount(8192), onFault: false)
    }
    #expect(throws: MapError.invalidArgument) { try space.pointee.munlock(top, ByteCount(4096)) }
  }

  @Test("a lock that would need one area more than allowed leaves the range as far as it came")
  func areas() throws {
    var limits = ResourceLimits()
    limits.maximumVMAs = 2
    let laboratory = try Laboratory(limits: limits)
    try laboratory.map(0..<6)
    #expect(throws: MapError.outOfMemory) { try laboratory.lock(2..<4) }
    #expect(laboratory.areas == ["0-2 rw", "2-6 rw"])
    #expect(laboratory.locked == 0)
    laboratory.checkInvariants()
  }

  @Test("locking all that is mapped passes over what cannot be brought in")
  func current() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    try laboratory.map(2..<3, [])
    try laboratory.map(5..<6, .read)
    try laboratory.lockAll(.current)
    #expect(laboratory.locked == 4)
    #expect(try laboratory.residence(0..<3) == "110")
    #expect(laboratory.isMapped(5))
    try laboratory.map(7..<8)
    #expect(!laboratory.flags(7).contains("lo"))
    laboratory.space.pointee.munlockall()
    #expect(laboratory.locked == 0)
    laboratory.checkInvariants()
  }

  @Test("locking what will be mapped counts new mappings, and refuses those beyond the limit")
  func future() throws {
    let laboratory = try limited(3)
    try laboratory.map(0..<2)
    try laboratory.lockAll(.future)
    #expect(laboratory.locked == 0)
    try laboratory.map(4..<6)
    #expect(laboratory.locked == 2)
    #expect(laboratory.flags(4) == "rd wr mr mw me lo ac")
    #expect(throws: MapError.lockedLimit) { try laboratory.map(8..<10, []) }
    try laboratory.lockAll([.future, .onFault])
    try laboratory.map(8..<9)
    #expect(laboratory.flags(8) == "rd wr mr mw me lo lf ac")
    laboratory.space.pointee.munlockall()
    try laboratory.map(10..<20)
    #expect(laboratory.locked == 0)
  }

  @Test("locking all refuses flags without sense, and more than the limit")
  func allRefused() throws {
    let laboratory = try limited(3)
    try laboratory.map(0..<4)
    for flags: LockFlags in [
      [], .onFault, LockFlags(rawValue: 8), [.current, LockFlags(rawValue: 8)],
    ] {
      #expect(throws: MapError.invalidArgument) { try laboratory.lockAll(flags) }
    }
    #expect(throws: MapError.outOfMemory) { try laboratory.lockAll(.current) }
    #expect(throws: MapError.outOfMemory) { try laboratory.lockAll([.current, .future]) }
    #expect(laboratory.locked == 0)
    try laboratory.map(8..<9)
    #expect(laboratory.locked == 0)
    laboratory.space.pointee.limits.privileges = .locking
    try laboratory.lockAll([.current, .onFault])
    #expect(laboratory.locked == 5)
    #expect(try laboratory.residence(0..<4) == "0000")
  }

  @Test("memory that may be dropped is never locked, and neither kept on fork nor dumped")
  func droppable() throws {
    let laboratory = try Laboratory()
    try laboratory.lockAll([.future, .onFault])
    try laboratory.map(0..<2, [.read, .write], [.droppable, .anonymous])
    #expect(laboratory.flags(0) == "rd wr mr mw me nr wf dd dp")
    try laboratory.lock(0..<2)
    #expect(laboratory.locked == 0)
    for advice in [Advice.keepOnFork, .doDump] {
      #expect(throws: MapError.invalidArgument) { try laboratory.advise(0..<2, advice) }
    }
    try laboratory.advise(0..<2, .mergeable)
    try laboratory.seal(0..<2)
    #expect(laboratory.flags(0) == "rd wr mr mw me nr wf dd dp sl")
    #expect(throws: MapError.invalidArgument) {
      try laboratory.map(4..<5, .read, [.droppable, .anonymous, .locked])
    }
    laboratory.checkInvariants()
  }

  @Test("a stack that grows is locked as it was")
  func stack() throws {
    let laboratory = try Laboratory()
    try laboratory.map(100..<102, [.read, .write], [.private, .anonymous, .growsDown, .locked])
    #expect(laboratory.locked == 2)
    try laboratory.write(1, 98)
    #expect(laboratory.locked == 4)
    laboratory.checkInvariants()
  }
}
