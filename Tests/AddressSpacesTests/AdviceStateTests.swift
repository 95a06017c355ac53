import AddressSpaces
import MemoryTypes
import Testing

/// What advice, locks and names leave behind: after other calls, and after a failure.
struct AdviceStateTests {
  @Test("sealed memory that cannot be overwritten is not emptied by advice")
  func sealed() throws {
    let discarding: [Advice] = [
      .dontNeed, .free, .remove, .dontFork, .wipeOnFork, .dontNeedLocked, .guardInstall,
    ]
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(2)
    try laboratory.map(0..<2, .read)
    try laboratory.map(2..<4)
    try laboratory.map(4..<6, .read, .private, file: file)
    try laboratory.seal(0..<6)
    for advice in discarding {
      #expect(throws: MapError.notPermitted, "\(advice)") { try laboratory.advise(0..<1, advice) }
    }
    for advice in [Advice.normal, .mergeable, .hugePage, .dontDump, .cold, .populateRead] {
      try laboratory.advise(0..<1, advice)
    }
    for advice in discarding where advice != .remove { try laboratory.advise(2..<4, advice) }
    try laboratory.advise(4..<6, .dontNeed)
    laboratory.services.release(file)
    laboratory.expectNothingLeft()
  }

  @Test("a moved area keeps its name, its guards, its advice and its locks")
  func moved() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<4)
    try laboratory.name(0..<4, "pool")
    try laboratory.advise(0..<4, .dontDump)
    try laboratory.advise(1..<2, .guardInstall)
    try laboratory.write(7, 2)
    _ = try laboratory.remap(0..<4, to: 4, [.mayMove, .fixed], at: 10)
    #expect(laboratory.flags(10) == "rd wr mr mw me gu ac dd")
    #expect(throws: FaultError.notMapped) { try laboratory.read(11) }
    #expect(try laboratory.read(12) == 7)
    let name = laboratory.space.pointee.vmas.vma(at: laboratory.address(10))?.pointee.name
    #expect(name != nil)
    try laboratory.advise(10..<14, .guardRemove)
    try laboratory.lock(10..<14)
    _ = try laboratory.remap(10..<14, to: 4, [.mayMove, .fixed], at: 20)
    #expect(laboratory.locked == 4)
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("mprotect keeps advice, locks and names, and brings in what a lock makes writable")
  func protected() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2, .read)
    try laboratory.name(0..<2, "pool")
    try laboratory.lock(0..<2)
    try laboratory.advise(0..<2, .dontFork)
    #expect(laboratory.space.pointee.resident.anonymous == .zero)
    try laboratory.protect(0..<2, [.read, .write])
    #expect(laboratory.flags(0) == "rd wr mr mw me lo dc ac")
    #expect(laboratory.space.pointee.resident.anonymous == PageCount(2))
    #expect(laboratory.areas == ["0-2 rw"])
    laboratory.expectNothingLeft()
  }

  @Test(
    "advice, locks and names that fail for want of an object leave all pages and accounts as they were",
    arguments: Laboratory.Source.allCases)
  func failures(source: Laboratory.Source) throws {
    for number: UInt32 in 1...4 {
      let laboratory = try Laboratory()
      try laboratory.map(0..<8)
      for page in 0..<8 { try laboratory.write(UInt8(page), page) }
      for step in 0..<4 {
        _ = laboratory.failing(.failing(nth: number), of: source) {
          do throws(MapError) { try perform(step, laboratory) } catch {
            #expect(error == .tryAgain || error == .outOfMemory)
          }
        }
        laboratory.checkInvariants()
        for page in 1..<8 { #expect(try laboratory.read(page) == UInt8(page)) }
      }
      laboratory.expectNothingLeft()
    }
  }

  private func perform(_ step: Int, _ laboratory: Laboratory) throws(MapError) {
    switch step {
    case 0: try laboratory.advise(2..<4, .dontFork)
    case 1: try laboratory.lock(3..<6)
    case 2: try laboratory.name(1..<7, "pool")
    default: try laboratory.advise(0..<1, .guardInstall)
    }
  }
}
