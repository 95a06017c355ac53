import AddressSpaces
import MemoryTypes
import PhysicalMemory
import Testing

/// Advices that act on pages.
struct AdvicePageTests {
  @Test("memory that is not needed is gone at once, and reads as zeros")
  func dontNeed() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<4)
    for page in 0..<4 { try laboratory.write(7, page) }
    try laboratory.advise(1..<3, .dontNeed)
    #expect(try laboratory.residence(0..<4) == "1001")
    #expect(laboratory.space.pointee.resident.anonymous == PageCount(2))
    #expect(try laboratory.read(1) == 0)
    #expect(try laboratory.read(3) == 7)
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("locked memory is kept from DONTNEED, FREE, COLD and PAGEOUT, not from DONTNEED_LOCKED")
  func lockedMemory() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    try laboratory.write(7, 0)
    try laboratory.lock(0..<2)
    for advice in [Advice.dontNeed, .free, .cold, .pageOut, .remove] {
      #expect(throws: MapError.invalidArgument) { try laboratory.advise(0..<2, advice) }
    }
    #expect(try laboratory.residence(0..<2) == "11")
    try laboratory.advise(0..<2, .dontNeedLocked)
    #expect(try laboratory.residence(0..<2) == "00")
    #expect(laboratory.locked == 2)
    laboratory.checkInvariants()
  }

  @Test("freed memory stays until somebody needs it; a file's is not for freeing")
  func free() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(2)
    try laboratory.map(0..<1)
    try laboratory.map(1..<2, .read, .private, file: file)
    try laboratory.write(7, 0)
    try laboratory.advise(0..<1, .free)
    #expect(try laboratory.read(0) == 7)
    try laboratory.write(8, 0)
    #expect(try laboratory.read(0) == 8)
    #expect(throws: MapError.invalidArgument) { try laboratory.advise(0..<2, .free) }
    laboratory.services.release(file)
    laboratory.expectNothingLeft()
  }

  @Test("cold pages are still there")
  func cold() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<1)
    try laboratory.write(7, 0)
    try laboratory.advise(0..<1, .cold)
    try laboratory.advise(0..<1, .pageOut)
    #expect(try laboratory.read(0) == 7)
  }

  @Test("populating brings pages in as a read or a write would, and a later access takes no fault")
  func populate() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<4)
    try laboratory.advise(0..<2, .populateRead)
    try laboratory.advise(2..<4, .populateWrite)
    #expect(try laboratory.residence(0..<4) == "1111")
    #expect(laboratory.space.pointee.resident.anonymous == PageCount(2))
    let before = laboratory.faults
    try laboratory.write(1, 2)
    #expect(laboratory.faults == before)
    try laboratory.advise(0..<2, .populateWrite)
    #expect(laboratory.space.pointee.resident.anonymous == PageCount(4))
  }

  @Test("populating stops at a hole, at memory that forbids the access, and behind a file's end")
  func populateRefused() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(1)
    try laboratory.map(0..<1)
    try laboratory.map(1..<2, .read)
    try laboratory.map(2..<3, .write)
    try laboratory.map(4..<6, .read, .private, file: file)
    #expect(throws: MapError.invalidArgument) { try laboratory.advise(0..<2, .populateWrite) }
    #expect(laboratory.isMapped(0))
    #expect(throws: MapError.invalidArgument) { try laboratory.advise(1..<3, .populateRead) }
    #expect(throws: MapError.outOfMemory) { try laboratory.advise(3..<5, .populateRead) }
    #expect(throws: MapError.badAddress) { try laboratory.advise(4..<6, .populateRead) }
    #expect(laboratory.isMapped(4))
    laboratory.services.release(file)
    laboratory.expectNothingLeft()
  }

  @Test("a hole punched into shared memory reads as zeros")
  func remove() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<4, [.read, .write], [.shared, .anonymous])
    for page in 0..<4 { try laboratory.write(7, page) }
    let free = laboratory.pages.pointee.freePageCount
    try laboratory.advise(1..<3, .remove)
    #expect(laboratory.pages.pointee.freePageCount == free + PageCount(2))
    #expect(try laboratory.residence(0..<4) == "1001")
    #expect(try laboratory.read(1) == 0)
    #expect(try laboratory.read(3) == 7)
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("punching takes a shared writable mapping of a file, and leaves private copies alone")
  func removeRefused() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(4)
    try laboratory.map(0..<1)
    try laboratory.map(1..<2, [.read, .write], .private, file: file)
    try laboratory.map(2..<3, .read, .shared, file: file, access: .read)
    try laboratory.map(3..<4, [.read, .write], .shared, file: file)
    #expect(throws: MapError.invalidArgument) { try laboratory.advise(0..<1, .remove) }
    #expect(throws: MapError.accessDenied) { try laboratory.advise(1..<2, .remove) }
    #expect(throws: MapError.accessDenied) { try laboratory.advise(2..<3, .remove) }
    try laboratory.write(5, 1)
    try laboratory.write(6, 3)
    try laboratory.advise(3..<4, .remove)
    #expect(try laboratory.read(1) == 5)
    #expect(try laboratory.read(3) == 0)
    laboratory.services.release(file)
    laboratory.expectNothingLeft()
  }

  @Test(
    "a file's pages that will be needed come into the cache, up to its end, and no page is mapped")
  func willNeed() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(3)
    try laboratory.map(0..<5, .read, .private, file: file)
    try laboratory.map(5..<6)
    #expect(try laboratory.residence(0..<6) == "000000")
    try laboratory.advise(1..<6, .willNeed)
    #expect(try laboratory.residence(0..<6) == "011000")
    #expect(!laboratory.isMapped(1))
    laboratory.services.release(file)
    laboratory.expectNothingLeft()
  }
}
