import AddressSpaces
import MemoryTypes
import Testing

/// `madvise`: what it makes of VMAs, and what it refuses.
struct AdviceTests {
  private static let anonymous = "rd wr mr mw me ac"

  @Test(
    "an advice that is a flag splits the area, and its opposite merges it again",
    arguments: [
      (Advice.random, Advice.normal, "rd wr mr mw me rr ac"),
      (.sequential, .normal, "rd wr mr mw me sr ac"),
      (.dontFork, .doFork, "rd wr mr mw me dc ac"),
      (.wipeOnFork, .keepOnFork, "rd wr mr mw me ac wf"),
      (.dontDump, .doDump, "rd wr mr mw me ac dd"),
      (.mergeable, .unmergeable, "rd wr mr mw me ac mg"),
    ])
  func flag(advice: Advice, opposite: Advice, flags: String) throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<6)
    try laboratory.advise(2..<4, advice)
    #expect(laboratory.areas == ["0-2 rw", "2-4 rw", "4-6 rw"])
    #expect(laboratory.flags(2) == flags)
    #expect(laboratory.flags(0) == Self.anonymous)
    try laboratory.advise(2..<4, opposite)
    #expect(laboratory.areas == ["0-6 rw"])
    #expect(laboratory.flags(0) == Self.anonymous)
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("random and sequential, huge pages and none of them, take each other's place")
  func exclusive() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    try laboratory.advise(0..<2, .random)
    try laboratory.advise(0..<2, .sequential)
    #expect(laboratory.flags(0) == "rd wr mr mw me sr ac")
    try laboratory.advise(0..<2, .hugePage)
    #expect(laboratory.flags(0) == "rd wr mr mw me sr ac hg")
    try laboratory.advise(0..<2, .noHugePage)
    #expect(laboratory.flags(0) == "rd wr mr mw me sr ac nh")
  }

  @Test("an advice goes on behind a hole, and tells of it at the end")
  func hole() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    try laboratory.map(4..<6)
    #expect(throws: MapError.outOfMemory) { try laboratory.advise(0..<5, .dontFork) }
    #expect(laboratory.flags(0) == "rd wr mr mw me dc ac")
    #expect(laboratory.flags(4) == "rd wr mr mw me dc ac")
    #expect(laboratory.flags(5) == Self.anonymous)
    #expect(throws: MapError.outOfMemory) { try laboratory.advise(2..<4, .dontFork) }
    #expect(throws: MapError.outOfMemory) { try laboratory.advise(5..<9, .dontFork) }
    #expect(laboratory.areas == ["0-2 rw", "4-6 rw"])
  }

  @Test("wipe-on-fork is for private anonymous memory, and what came before a file stays wiped")
  func wipeOnFork() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(4)
    try laboratory.map(0..<2)
    try laboratory.map(2..<4, .read, .private, file: file)
    try laboratory.map(4..<6, [.read, .write], [.shared, .anonymous])
    #expect(throws: MapError.invalidArgument) { try laboratory.advise(1..<6, .wipeOnFork) }
    #expect(laboratory.areas == ["0-1 rw", "1-2 rw", "2-4 r- @0", "4-6 rws @0"])
    #expect(laboratory.flags(1) == "rd wr mr mw me ac wf")
    #expect(throws: MapError.invalidArgument) { try laboratory.advise(4..<6, .wipeOnFork) }
    try laboratory.advise(2..<6, .keepOnFork)
    laboratory.services.release(file)
    laboratory.expectNothingLeft()
  }

  @Test("merging of equal pages is asked for in vain where pages are shared")
  func mergeable() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2, [.read, .write], [.shared, .anonymous])
    try laboratory.advise(0..<1, .mergeable)
    #expect(laboratory.areas == ["0-2 rws @0"])
    #expect(!laboratory.flags(0).contains("mg"))
    laboratory.services.pointee.features.remove(.samePageMerging)
    #expect(throws: MapError.invalidArgument) { try laboratory.advise(0..<1, .mergeable) }
  }

  @Test(
    "unknown advice, misaligned starts and ranges that wrap are refused; nothing is a length too")
  func arguments() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    let space = laboratory.space
    let start = laboratory.address(0)
    for number: Int32 in [-1, 5, 6, 7, 26, 99, 104, 1000] {
      #expect(throws: MapError.invalidArgument) { try laboratory.advise(0..<1, number: number) }
      #expect(throws: MapError.invalidArgument) { try laboratory.advise(0..<0, number: number) }
    }
    #expect(throws: MapError.invalidArgument) {
      try space.madvise(start + ByteCount(1), ByteCount(0), 0) { _ in }
    }
    #expect(throws: MapError.invalidArgument) {
      try space.madvise(start, ByteCount(.max), 0) { _ in }
    }
    #expect(throws: MapError.invalidArgument) {
      try space.madvise(VirtualAddress(0 &- 4096), ByteCount(8192), 0) { _ in }
    }
    try laboratory.advise(9..<9, .normal)
    try space.madvise(start, ByteCount(1), Advice.dontFork.rawValue) { _ in }
    #expect(laboratory.areas == ["0-1 rw", "1-2 rw"])
  }

  @Test("an advice that would need one area more than allowed asks to be tried again")
  func limit() throws {
    var limits = ResourceLimits()
    limits.maximumVMAs = 2
    let laboratory = try Laboratory(limits: limits)
    try laboratory.map(0..<6)
    #expect(throws: MapError.tryAgain) { try laboratory.advise(2..<4, .dontFork) }
    #expect(laboratory.areas == ["0-2 rw", "2-6 rw"])
    #expect(laboratory.flags(2) == Self.anonymous)
    laboratory.checkInvariants()
  }

  @Test("breaking memory is for the administrator, and is not done for him")
  func poison() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<1)
    for advice in [Advice.hardwarePoison, .softOffline] {
      #expect(throws: MapError.notPermitted) { try laboratory.advise(0..<1, advice) }
      laboratory.space.pointee.limits.privileges = .administration
      #expect(throws: MapError.unsupportedFlag) { try laboratory.advise(0..<1, advice) }
      laboratory.space.pointee.limits.privileges = []
    }
    laboratory.services.pointee.features.remove(.memoryFailure)
    #expect(throws: MapError.invalidArgument) { try laboratory.advise(0..<1, .hardwarePoison) }
  }

  @Test("advices that a version does not know are refused")
  func versions() {
    let features = KernelFeatures.standard
    #expect(!Advice.guardInstall.isKnown(KernelRules(LinuxVersion(6, 12)), features))
    #expect(Advice.guardInstall.isKnown(KernelRules(LinuxVersion(6, 13)), features))
    #expect(!Advice.hugePage.isKnown(KernelRules(.v6_18), features.subtracting(.hugePages)))
  }

  @Test("collapsing needs a whole aligned block with a page in it, and no objection")
  func collapse() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2048)
    #expect(throws: MapError.invalidArgument) { try laboratory.advise(0..<512, .collapse) }
    try laboratory.write(1, 3)
    try laboratory.advise(0..<512, .collapse)
    #expect(throws: MapError.invalidArgument) { try laboratory.advise(0..<1024, .collapse) }
    #expect(throws: MapError.invalidArgument) { try laboratory.advise(1..<2, .collapse) }
    try laboratory.advise(1..<513, .collapse)
    try laboratory.advise(0..<2048, .noHugePage)
    #expect(throws: MapError.invalidArgument) { try laboratory.advise(0..<512, .collapse) }
    try laboratory.map(4096..<4106)
    #expect(throws: MapError.invalidArgument) { try laboratory.advise(4096..<4106, .collapse) }
  }
}
