import AddressSpaces
import MemoryTypes
import PageTables
import Testing

/// `mremap` of several areas, of shared memory a second time, and `MREMAP_DONTUNMAP`.
struct RemapKeepTests {
  private let keeping: RemapFlags = [.mayMove, .dontUnmap]
  private let fixed: RemapFlags = [.mayMove, .fixed]

  private func filled(
    _ pages: Int, version: LinuxVersion = .v6_18, limits: ResourceLimits = ResourceLimits()
  ) throws -> Laboratory {
    let laboratory = try Laboratory(limits: limits, version: version)
    try laboratory.map(0..<pages)
    for page in 0..<pages { try laboratory.write(UInt8(page + 1), page) }
    return laboratory
  }

  @Test("MREMAP_DONTUNMAP takes the pages along and leaves the range, empty")
  func keeps() throws {
    let laboratory = try filled(4)
    let first = laboratory.page(try laboratory.remap(1..<3, to: 2, keeping))
    #expect(laboratory.areas == ["0-4 rw", "\(first)-\(first + 2) rw"])
    #expect(try laboratory.read(first) == 2)
    #expect(try laboratory.read(1) == 0)
    #expect(try laboratory.read(3) == 4)
    #expect(laboratory.committed == 6)
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("its new address is the place with MREMAP_FIXED and a hint without")
  func keepsAt() throws {
    let laboratory = try filled(2)
    #expect(try laboratory.remap(0..<2, to: 2, keeping, at: 20) == laboratory.address(20))
    try laboratory.map(30..<31, .read)
    let other = try laboratory.remap(20..<22, to: 2, keeping, at: 30)
    #expect(laboratory.page(other) != 30)
    _ = try laboratory.remap(20..<22, to: 2, keeping.union(.fixed), at: 30)
    #expect(laboratory.areas.contains("30-32 rw"))
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("untouched memory merges with the copy that is put beside it, from 6.17 on")
  func mergesWithItself() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<4)
    _ = try laboratory.remap(2..<4, to: 2, keeping.union(.fixed), at: 4)
    #expect(laboratory.areas == ["0-6 rw"])
    laboratory.checkInvariants()
    let before = try Laboratory(version: LinuxVersion(6, 12))
    try before.map(0..<4)
    _ = try before.remap(2..<4, to: 2, keeping.union(.fixed), at: 4)
    #expect(before.areas == ["0-4 rw", "4-6 rw"])
    before.checkInvariants()
  }

  @Test("the first part of untouched memory that moves behind the rest merges with it")
  func rotates() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<8)
    _ = try laboratory.remap(0..<2, to: 2, fixed, at: 8)
    #expect(laboratory.areas == ["2-10 rw"])
    #expect(laboratory.committed == 8)
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("a locked area that leaves its range behind counts it as locked for ever")
  func keepsLocked() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<8, [.read, .write], [.private, .anonymous, .locked])
    _ = try laboratory.remap(2..<4, to: 2, keeping)
    #expect(laboratory.space.pointee.accounts.locked == PageCount(10))
    #expect(laboratory.areas.count == 2)
    laboratory.checkInvariants()
    try laboratory.unmap(0..<8)
    #expect(laboratory.space.pointee.accounts.locked == PageCount(10))
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("before 6.17 the locked count goes over, and only the range is unlocked")
  func keepsLockedBefore() throws {
    let laboratory = try Laboratory(version: LinuxVersion(6, 12))
    try laboratory.map(0..<8, [.read, .write], [.private, .anonymous, .locked])
    _ = try laboratory.remap(2..<4, to: 2, keeping)
    #expect(laboratory.space.pointee.accounts.locked == PageCount(8))
    #expect(laboratory.areas.prefix(3) == ["0-2 rw", "2-4 rw", "4-8 rw"])
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("the growth of a locked mapping is there at once, where it stands and where it moves")
  func populatesGrowth() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2, [.read, .write], [.private, .anonymous, .locked])
    try laboratory.map(6..<7, .read)
    _ = try laboratory.remap(0..<2, to: 4)
    #expect(laboratory.space.pointee.tables.leaf(at: laboratory.address(3)) != nil)
    let moved = try laboratory.remap(0..<4, to: 8, .mayMove)
    #expect(laboratory.space.pointee.tables.leaf(at: moved + laboratory.bytes(7)) != nil)
    #expect(laboratory.space.pointee.accounts.locked == PageCount(8))
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("an old length of 0 maps shared memory a second time, and is refused for private memory")
  func duplicates() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<4, [.read, .write], [.shared, .anonymous])
    try laboratory.write(7, 1)
    #expect(throws: MapError.outOfMemory) { try laboratory.remap(1..<1, to: 3) }
    let first = laboratory.page(try laboratory.remap(1..<1, to: 3, .mayMove))
    #expect(laboratory.areas == ["0-4 rws @0", "\(first)-\(first + 3) rws @1"])
    #expect(try laboratory.read(first) == 7)
    try laboratory.write(8, first + 1)
    #expect(try laboratory.read(2) == 8)
    _ = try laboratory.remap(0..<0, to: 2, fixed, at: 20)
    #expect(try laboratory.read(21) == 7)
    try laboratory.map(30..<32)
    #expect(throws: MapError.invalidArgument) { try laboratory.remap(30..<30, to: 2, .mayMove) }
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("all areas of a range move to a fixed place, holes kept, from 6.17 on")
  func several() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    try laboratory.map(4..<6, .read)
    try laboratory.map(6..<9)
    try laboratory.write(5, 7)
    try laboratory.map(20..<32, [.read, .execute])
    #expect(try laboratory.remap(1..<8, to: 7, fixed, at: 22) == laboratory.address(22))
    #expect(
      laboratory.areas == [
        "0-1 rw", "8-9 rw", "20-22 r-x", "22-23 rw", "23-25 r-x", "25-27 r-", "27-29 rw",
        "29-32 r-x",
      ])
    #expect(try laboratory.read(28) == 5)
    #expect(throws: MapError.badAddress) { try laboratory.remap(2..<9, to: 7, fixed, at: 40) }
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("before 6.17 a range of several areas is refused, when the target is gone already")
  func severalBefore() throws {
    let laboratory = try Laboratory(version: LinuxVersion(6, 12))
    try laboratory.map(0..<2)
    try laboratory.map(2..<4, .read)
    try laboratory.map(20..<24)
    #expect(throws: MapError.badAddress) { try laboratory.remap(0..<4, to: 4, fixed, at: 20) }
    #expect(laboratory.areas == ["0-2 rw", "2-4 r-"])
    // A hole is found before the target is looked at, a bad target before the areas.
    #expect(throws: MapError.badAddress) { try laboratory.remap(9..<10, to: 1, fixed, at: 9) }
    #expect(throws: MapError.invalidArgument) { try laboratory.remap(0..<4, to: 4, fixed, at: 2) }
    laboratory.checkInvariants()
  }

  @Test("a mapping that shrinks may lose other areas behind it")
  func shrinksOverAreas() throws {
    let laboratory = try filled(4)
    try laboratory.map(4..<6, .read)
    #expect(try laboratory.remap(0..<6, to: 2) == laboratory.address(0))
    #expect(laboratory.areas == ["0-2 rw"])
    try laboratory.map(2..<4, .read)
    _ = try laboratory.remap(0..<4, to: 1, fixed, at: 10)
    #expect(laboratory.areas == ["10-11 rw"])
    #expect(try laboratory.read(10) == 1)
    laboratory.checkInvariants()
  }

  @Test("a mapping grows into a stack's guard gap, but not into the stack")
  func guardGap() throws {
    let laboratory = try Laboratory()
    try laboratory.map(300..<304, [.read, .write], [.private, .anonymous, .growsDown])
    try laboratory.map(200..<202)
    _ = try laboratory.remap(200..<202, to: 100)
    #expect(laboratory.areas == ["200-300 rw", "300-304 rw"])
    #expect(throws: MapError.outOfMemory) { try laboratory.remap(200..<300, to: 101) }
    laboratory.checkInvariants()
  }

  @Test("what stood at a fixed target, and the end that was cut, are gone when the move fails")
  func failureLeaves() throws {
    let laboratory = try Laboratory(overcommit: .never, totalPages: 40)
    try laboratory.map(0..<8)
    try laboratory.map(20..<24, .read)
    #expect(throws: MapError.outOfMemory) { try laboratory.remap(0..<8, to: 30, fixed, at: 20) }
    #expect(laboratory.areas == ["0-8 rw"])
    #expect(laboratory.committed == 8)
    laboratory.checkInvariants()
  }

  @Test("a sparse mapping of terabytes moves in no time")
  func sparse() throws {
    let laboratory = try Laboratory(overcommit: .always)
    let pages = 1 << 30
    try laboratory.map(0..<pages, [.read, .write], [.private, .anonymous, .noReserve])
    try laboratory.write(3, 0)
    try laboratory.write(4, pages - 1)
    _ = try laboratory.remap(0..<pages, to: pages, fixed, at: 2 * pages)
    #expect(try laboratory.read(2 * pages) == 3)
    #expect(try laboratory.read(3 * pages - 1) == 4)
    laboratory.checkInvariants()
  }
}

/// Every error number of mremap(2), in the order of the kernel's checks.
struct RemapErrorTests {
  private let fixed: RemapFlags = [.mayMove, .fixed]

  private func refuses(
    _ laboratory: Laboratory, _ error: MapError, _ range: Range<Int>, to count: Int,
    _ flags: RemapFlags = [], at target: Int? = nil, line: Int = #line
  ) {
    #expect(throws: error, "line \(line)") {
      try laboratory.remap(range, to: count, flags, at: target)
    }
  }

  @Test("EINVAL: flags, alignment, lengths, targets")
  func invalid() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<4)
    let invalid = MapError.invalidArgument
    refuses(laboratory, invalid, 0..<2, to: 2, RemapFlags(rawValue: 8))
    refuses(laboratory, invalid, 0..<2, to: 0)
    refuses(laboratory, invalid, 0..<2, to: 1 << 36)
    refuses(laboratory, invalid, 0..<2, to: 2, .fixed, at: 20)
    refuses(laboratory, invalid, 0..<2, to: 2, .dontUnmap)
    refuses(laboratory, invalid, 0..<2, to: 3, [.mayMove, .dontUnmap])
    refuses(laboratory, invalid, 0..<0, to: 2, [.mayMove, .dontUnmap])
    refuses(laboratory, invalid, 0..<2, to: 2, fixed, at: 1)
    refuses(laboratory, invalid, 2..<4, to: 2, fixed, at: 1)
    let space = laboratory.space
    let (page, start) = (ByteCount(4096), laboratory.address(0))
    for (address, target) in [
      (start + ByteCount(1), laboratory.address(9)), (start, laboratory.address(9) + ByteCount(1)),
      (start, space.pointee.layout.taskSize),
    ] {
      #expect(throws: invalid) {
        try space.pointee.mremap(
          address, oldLength: page, newLength: page, fixed, newAddress: target)
      }
    }
    #expect(laboratory.areas == ["0-4 rw"])
  }

  @Test("EFAULT: holes, areas that end too early, mappings that must not grow")
  func fault() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<4)
    try laboratory.map(4..<6, .read)
    refuses(laboratory, .badAddress, 8..<9, to: 2)
    refuses(laboratory, .badAddress, 8..<9, to: 1, fixed, at: 20)
    refuses(laboratory, .badAddress, 3..<5, to: 4)
    refuses(laboratory, .badAddress, 3..<5, to: 4, fixed, at: 20)
    refuses(laboratory, .badAddress, 3..<5, to: 2, [.mayMove, .dontUnmap])
    var area = VMA(
      range: VirtualRange(laboratory.address(10), laboratory.address(12)),
      flags: [.read, .mayRead, .dontExpand], pageOffset: 0, special: .vdso)
    try laboratory.space.pointee.addImageArea(area)
    refuses(laboratory, .badAddress, 10..<12, to: 3)
    refuses(laboratory, .invalidArgument, 10..<12, to: 2, [.mayMove, .dontUnmap])
    refuses(laboratory, .invalidArgument, 10..<11, to: 1, fixed, at: 20)
    refuses(laboratory, .invalidArgument, 10..<12, to: 1)
    area.range = .init(laboratory.address(20), laboratory.address(22))
    _ = try laboratory.remap(10..<12, to: 2, fixed, at: 20)
    #expect(laboratory.areas == ["0-4 rw", "4-6 r-", "20-22 r-"])
    laboratory.checkInvariants()
  }

  @Test("EPERM: sealed areas, sealed targets, targets below the minimum")
  func permission() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<4)
    try laboratory.map(10..<12, .read)
    try laboratory.seal(10..<12)
    let denied = MapError.notPermitted
    refuses(laboratory, denied, 10..<12, to: 2)
    refuses(laboratory, denied, 10..<12, to: 1)
    refuses(laboratory, denied, 10..<12, to: 2, fixed, at: 20)
    refuses(laboratory, denied, 0..<2, to: 2, fixed, at: 11)
    #expect(throws: denied) {
      try laboratory.space.pointee.mremap(
        laboratory.address(0), oldLength: laboratory.bytes(2), newLength: laboratory.bytes(2),
        fixed,
        newAddress: VirtualAddress(0))
    }
    #expect(laboratory.areas == ["0-4 rw", "10-12 r-"])
    laboratory.checkInvariants()
  }

  @Test("EAGAIN: more locked memory than allowed; ENOMEM: room, limits, promises, areas")
  func limits() throws {
    var limits = ResourceLimits()
    limits.locked = ByteCount(2 * 4096)
    limits.addressSpace = ByteCount(20 * 4096)
    let laboratory = try Laboratory(limits: limits)
    try laboratory.map(0..<2, [.read, .write], [.private, .anonymous, .locked])
    refuses(laboratory, .lockedLimit, 0..<2, to: 3)
    try laboratory.map(10..<12)
    refuses(laboratory, .outOfMemory, 10..<12, to: 19)
    refuses(laboratory, .outOfMemory, 10..<12, to: 1 << 33, .mayMove)
    try laboratory.map(12..<13, .read)
    refuses(laboratory, .outOfMemory, 10..<12, to: 3)
    try laboratory.map(20..<32, .read)
    refuses(laboratory, .outOfMemory, 20..<32, to: 12, [.mayMove, .dontUnmap])
    laboratory.checkInvariants()

    limits = ResourceLimits()
    limits.maximumVMAs = 6
    let crowded = try Laboratory(limits: limits)
    try crowded.map(0..<2)
    refuses(crowded, .outOfMemory, 0..<2, to: 2, [.mayMove, .fixed], at: 20)
    try crowded.map(2..<3, .read)
    try crowded.map(4..<5, .read)
    refuses(crowded, .outOfMemory, 0..<2, to: 4, .mayMove)
  }
}
