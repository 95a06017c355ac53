import AddressSpaces
import MemoryTypes
import Testing

/// Guard markers.
struct GuardTests {
  @Test("a guarded page admits nobody until the guard is lifted, and the area is not split")
  func installed() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<4)
    try laboratory.write(7, 1)
    try laboratory.advise(1..<3, .guardInstall)
    #expect(laboratory.areas == ["0-4 rw"])
    #expect(laboratory.flags(0) == "rd wr mr mw me gu ac")
    #expect(throws: FaultError.notMapped) { try laboratory.read(1) }
    #expect(throws: FaultError.notMapped) { try laboratory.write(1, 2) }
    try laboratory.write(1, 3)
    try laboratory.advise(1..<3, .dontNeed)
    #expect(throws: FaultError.notMapped) { try laboratory.read(1) }
    #expect(throws: MapError.badAddress) { try laboratory.advise(0..<4, .populateWrite) }
    #expect(throws: MapError.outOfMemory) { try laboratory.lock(0..<4) }
    #expect(try laboratory.residence(0..<4) == "1001")
    try laboratory.unlock(0..<4)
    try laboratory.advise(1..<2, .guardRemove)
    #expect(try laboratory.read(1) == 0)
    #expect(throws: FaultError.notMapped) { try laboratory.read(2) }
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("guards go with the mapping")
  func unmapped() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<8)
    try laboratory.advise(2..<6, .guardInstall)
    try laboratory.unmap(3..<5)
    try laboratory.map(3..<5)
    #expect(try laboratory.read(3) == 0)
    #expect(throws: FaultError.notMapped) { try laboratory.read(2) }
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("locked memory is not guarded, but its guards can be lifted")
  func lockedMemory() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<1)
    try laboratory.lock(0..<1)
    #expect(throws: MapError.invalidArgument) { try laboratory.advise(0..<1, .guardInstall) }
    try laboratory.advise(0..<1, .guardRemove)
  }

  @Test(
    "guards in a file need no family from 6.18 on: the areas merge; in anonymous memory they do")
  func families() throws {
    for isFile in [true, false] {
      let laboratory = try Laboratory()
      let file = try laboratory.makeFile(8)
      if isFile {
        try laboratory.map(0..<8, .read, .private, file: file)
      } else {
        try laboratory.map(0..<8)
      }
      try laboratory.advise(4..<8, .sequential)
      try laboratory.advise(1..<2, .guardInstall)
      try laboratory.advise(5..<6, .guardInstall)
      try laboratory.advise(0..<8, .normal)
      #expect(laboratory.areas.count == (isFile ? 1 : 2))
      laboratory.services.release(file)
      laboratory.expectNothingLeft()
    }
  }

  @Test("a file can be guarded from 6.15 on, memory at all from 6.13")
  func versions() throws {
    for (version, isFileAllowed) in [(LinuxVersion(6, 13), false), (LinuxVersion(6, 15), true)] {
      let laboratory = try Laboratory(version: version)
      let file = try laboratory.makeFile(2)
      try laboratory.map(0..<2, .read, .private, file: file)
      if isFileAllowed {
        try laboratory.advise(0..<2, .guardInstall)
      } else {
        #expect(throws: MapError.invalidArgument) {
          try laboratory.advise(0..<2, .guardInstall)
        }
      }
      laboratory.services.release(file)
      laboratory.expectNothingLeft()
    }
  }
}
