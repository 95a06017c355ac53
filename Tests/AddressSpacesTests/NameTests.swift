import AddressSpaces
import MemoryTypes
import Testing

/// Names of memory, protection keys, and the bounds of the image.
struct NameTests {
  @Test("a name splits an area, and areas of one name merge")
  func names() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<6)
    try laboratory.name(1..<2, "heap")
    try laboratory.name(2..<4, "heap")
    #expect(laboratory.areas == ["0-1 rw", "1-4 rw", "4-6 rw"])
    try laboratory.name(2..<3, "other")
    #expect(laboratory.areas.count == 5)
    try laboratory.unmap(1..<2)
    try laboratory.name(0..<1, nil)
    #expect(throws: MapError.outOfMemory) { try laboratory.name(0..<6, nil) }
    #expect(laboratory.areas == ["0-1 rw", "2-6 rw"])
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("names are for anonymous memory, shared or not")
  func kinds() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(2)
    try laboratory.map(0..<2, [.read, .write], [.shared, .anonymous])
    try laboratory.map(2..<4, .read, .private, file: file)
    try laboratory.name(0..<2, "shared")
    #expect(throws: MapError.badDescriptor) { try laboratory.name(0..<4, "file") }
    laboratory.services.release(file)
    laboratory.expectNothingLeft()
  }

  @Test(
    "a name has at most 79 printable characters, none of them a bracket, backslash, backtick, dollar",
    arguments: [
      ("", true), ("a b", true), (String(repeating: "x", count: 79), true),
      (String(repeating: "x", count: 80), false), ("a[b", false), ("a]b", false), ("a\\b", false),
      ("a`b", false), ("a$b", false), ("a\nb", false), ("a\u{7f}b", false), ("ä", false),
    ])
  func characters(text: String, isAllowed: Bool) {
    let bytes = Array(text.utf8)
    let isValid = AreaName(bytes.span) != nil
    #expect(isValid == isAllowed)
  }

  @Test("bad ranges are refused, and so is everything on a kernel without names")
  func arguments() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    let space = laboratory.space
    let start = laboratory.address(0)
    #expect(throws: MapError.invalidArgument) {
      try space.pointee.setName(start + ByteCount(1), ByteCount(4096), nil)
    }
    #expect(throws: MapError.invalidArgument) {
      try space.pointee.setName(start, ByteCount(.max), nil)
    }
    #expect(throws: MapError.invalidArgument) {
      try space.pointee.setName(VirtualAddress(0 &- 4096), ByteCount(8192), nil)
    }
    try laboratory.name(9..<9, "nothing")
    space.pointee.limits.maximumVMAs = 1
    #expect(throws: MapError.tryAgain) { try laboratory.name(1..<2, "x") }
    laboratory.services.pointee.features.remove(.areaNames)
    #expect(throws: MapError.invalidArgument) { try laboratory.name(0..<2, nil) }
    laboratory.expectNothingLeft()
  }

  @Test("keys are handed out from the lowest, sixteen in all, and come back")
  func keys() throws {
    let laboratory = try Laboratory()
    laboratory.services.pointee.features.insert(.protectionKeys)
    let space = laboratory.space
    for key: Int32 in 1...15 {
      #expect(try space.pointee.allocateKey(flags: 0, rights: 3) == key)
    }
    #expect(throws: MapError.noSpace) { try space.pointee.allocateKey(flags: 0, rights: 0) }
    try space.pointee.freeKey(7)
    #expect(throws: MapError.invalidArgument) { try space.pointee.freeKey(7) }
    #expect(throws: MapError.invalidArgument) { try space.pointee.freeKey(-1) }
    #expect(throws: MapError.invalidArgument) { try space.pointee.freeKey(16) }
    #expect(try space.pointee.allocateKey(flags: 0, rights: 0) == 7)
    #expect(throws: MapError.invalidArgument) { try space.pointee.allocateKey(flags: 1, rights: 0) }
    #expect(throws: MapError.invalidArgument) { try space.pointee.allocateKey(flags: 0, rights: 4) }
  }

  @Test("pages get a key with their protection, keep it, and areas of other keys stay apart")
  func protectWithKey() throws {
    let laboratory = try Laboratory()
    laboratory.services.pointee.features.insert(.protectionKeys)
    let space = laboratory.space
    try laboratory.map(0..<4)
    let key = try space.pointee.allocateKey(flags: 0, rights: 0)
    func protect(_ range: Range<Int>, _ key: Int32) throws(MapError) {
      try space.pointee.protect(
        laboratory.address(range.lowerBound), laboratory.bytes(range.count), [.read, .write],
        key: key)
    }
    try protect(1..<3, key)
    #expect(laboratory.areas == ["0-1 rw", "1-3 rw", "3-4 rw"])
    #expect(space.pointee.vmas.vma(at: laboratory.address(1))?.pointee.flags.key == 1)
    try laboratory.protect(1..<3, .read)
    #expect(space.pointee.vmas.vma(at: laboratory.address(1))?.pointee.flags.key == 1)
    #expect(throws: MapError.invalidArgument) { try protect(0..<1, 5) }
    try protect(0..<0, 5)
    try protect(0..<4, 0)
    #expect(laboratory.areas == ["0-4 rw"])
    laboratory.checkInvariants()
  }

  @Test("a processor without keys has none to give, and pages take none")
  func noKeys() throws {
    let laboratory = try Laboratory()
    let space = laboratory.space
    try laboratory.map(0..<1)
    #expect(throws: MapError.invalidArgument) { try space.pointee.allocateKey(flags: 0, rights: 0) }
    #expect(throws: MapError.invalidArgument) { try space.pointee.freeKey(0) }
    #expect(throws: MapError.invalidArgument) {
      try space.pointee.protect(laboratory.address(0), ByteCount(4096), .read, key: 0)
    }
    try space.pointee.protect(laboratory.address(0), ByteCount(4096), .read, key: -1)
  }

  @Test("the bounds of the image move in order and inside the task, for who is privileged")
  func bounds() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<4)
    let space = laboratory.space
    let page = laboratory.address(1)
    #expect(throws: MapError.notPermitted) { try space.pointee.setBound(1, page) }
    space.pointee.limits.privileges = .resources
    // All bounds are 0 at first, which no bound may be.
    #expect(throws: MapError.invalidArgument) { try space.pointee.setBound(1, page) }
    space.pointee.image.code = VirtualRange(laboratory.address(0), laboratory.address(2))
    space.pointee.image.data = VirtualRange(page, page)
    space.pointee.image.arguments = VirtualRange(page, page)
    space.pointee.image.environment = VirtualRange(page, page)
    space.pointee.setHeap(start: page, programBreak: page)
    // The stack's start is the last that is still 0.
    try space.pointee.setBound(ImageBound.startStack.rawValue, page)
    for bound in ImageBound.allCases where bound != .endCode {
      try space.pointee.setBound(bound.rawValue, page)
    }
    #expect(throws: MapError.invalidArgument) {
      try space.pointee.setBound(ImageBound.endCode.rawValue, page)
    }
    try space.pointee.setBound(ImageBound.programBreak.rawValue, laboratory.address(3))
    #expect(space.pointee.programBreak == laboratory.address(3))
    #expect(throws: MapError.invalidArgument) {
      try space.pointee.setBound(ImageBound.startBreak.rawValue, laboratory.address(4))
    }
    #expect(throws: MapError.invalidArgument) { try space.pointee.setBound(99, page) }
    #expect(throws: MapError.invalidArgument) {
      try space.pointee.setBound(1, space.pointee.layout.taskSize)
    }
    #expect(throws: MapError.badAddress) {
      try space.pointee.setBound(ImageBound.endEnvironment.rawValue, laboratory.address(9))
    }
    space.pointee.limits.data = ByteCount(4096)
    #expect(throws: MapError.invalidArgument) {
      try space.pointee.setBound(ImageBound.programBreak.rawValue, laboratory.address(3))
    }
  }
}
