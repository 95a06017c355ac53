import AddressSpaces
import MemoryTypes
import Testing

/// Limits of the process and of the machine, and the arguments `mmap` refuses.
struct LimitTests {
  private func limited(_ change: (inout ResourceLimits) -> Void) throws -> Laboratory {
    var limits = ResourceLimits()
    change(&limits)
    return try Laboratory(limits: limits)
  }

  @Test("RLIMIT_AS bounds all mappings together")
  func addressSpace() throws {
    let laboratory = try limited { $0.addressSpace = ByteCount(10 * Laboratory.pageBytes) }
    try laboratory.map(0..<8, .read)
    #expect(throws: MapError.outOfMemory) { try laboratory.map(10..<13, .read) }
    try laboratory.map(10..<12, .read)
    #expect(throws: MapError.outOfMemory) { try laboratory.remap(10..<12, to: 3) }
    try laboratory.map(0..<8)
    #expect(laboratory.areas == ["0-8 rw", "10-12 r-"])
  }

  @Test("RLIMIT_DATA bounds private writable memory only")
  func data() throws {
    let laboratory = try limited { $0.data = ByteCount(4 * Laboratory.pageBytes) }
    try laboratory.map(0..<4)
    #expect(throws: MapError.outOfMemory) { try laboratory.map(10..<11) }
    try laboratory.map(10..<11, .read)
    #expect(throws: MapError.outOfMemory) { try laboratory.protect(10..<11, [.read, .write]) }
    try laboratory.map(12..<16, [.read, .write], [.shared, .anonymous])
    #expect(laboratory.areas == ["0-4 rw", "10-11 r-", "12-16 rws @0"])
  }

  @Test("RLIMIT_MEMLOCK refuses locked mappings beyond it, and all of them at 0")
  func locked() throws {
    let flags: MapFlags = [.private, .anonymous, .locked]
    let laboratory = try limited { $0.locked = ByteCount(2 * Laboratory.pageBytes) }
    try laboratory.map(0..<2, [.read, .write], flags)
    #expect(throws: MapError.lockedLimit) { try laboratory.map(4..<5, [.read, .write], flags) }
    #expect(throws: MapError.lockedLimit) { try laboratory.remap(0..<2, to: 3) }
    let none = try limited { $0.locked = .zero }
    #expect(throws: MapError.notPermitted) { try none.map(0..<1, .read, flags) }
    laboratory.checkInvariants()
  }

  @Test("max_map_count bounds the areas; what merges or frees areas is let through")
  func areaCount() throws {
    let laboratory = try limited { $0.maximumVMAs = 4 }
    for page in 0..<5 { try laboratory.map(10 * page..<10 * page + 4) }
    #expect(laboratory.areas.count == 5)
    #expect(throws: MapError.outOfMemory) { try laboratory.map(100..<101) }
    #expect(throws: MapError.outOfMemory) { try laboratory.unmap(1..<2) }
    #expect(throws: MapError.outOfMemory) { try laboratory.protect(1..<2, .read) }
    #expect(laboratory.areas.count == 5)
    try laboratory.unmap(0..<2)
    try laboratory.unmap(10..<14)
    #expect(laboratory.areas.count == 4)
    try laboratory.map(4..<6)
    #expect(laboratory.areas.first == "2-6 rw")
    laboratory.checkInvariants()
  }

  @Test("overcommit 0 refuses one request beyond all memory, but not NORESERVE")
  func heuristicOvercommit() throws {
    let laboratory = try Laboratory(totalPages: 100)
    #expect(throws: MapError.outOfMemory) { try laboratory.map(0..<101) }
    try laboratory.map(0..<100)
    try laboratory.map(200..<300)
    try laboratory.map(400..<600, [.read, .write], [.private, .anonymous, .noReserve])
    #expect(laboratory.committed == 200)
  }

  @Test("overcommit 2 bounds the sum of promises, and NORESERVE does not help")
  func strictOvercommit() throws {
    let laboratory = try Laboratory(overcommit: .never, totalPages: 22)
    try laboratory.map(0..<6)
    #expect(throws: MapError.outOfMemory) { try laboratory.map(10..<15) }
    #expect(throws: MapError.outOfMemory) {
      try laboratory.map(10..<15, [.read, .write], [.private, .anonymous, .noReserve])
    }
    try laboratory.map(10..<15, .read)
    #expect(throws: MapError.outOfMemory) { try laboratory.protect(10..<15, [.read, .write]) }
    try laboratory.map(0..<6)
    #expect(laboratory.committed == 6)
    try laboratory.map(20..<24, [.read, .write], [.shared, .anonymous])
    #expect(laboratory.committed == 10)
    laboratory.expectNothingLeft()
  }

  @Test("overcommit 1 refuses nothing")
  func alwaysOvercommit() throws {
    let laboratory = try Laboratory(overcommit: .always, totalPages: 10)
    try laboratory.map(0..<1000)
    #expect(laboratory.committed == 1000)
  }

  @Test("a stack grows by faults up to its limit and never into the gap above a mapping")
  func stack() throws {
    let laboratory = try limited { $0.stack = ByteCount(300 * Laboratory.pageBytes) }
    try laboratory.map(1000..<1004, [.read, .write], [.private, .anonymous, .growsDown])
    try laboratory.write(1, 990)
    #expect(laboratory.areas == ["990-1004 rw"])
    #expect(throws: FaultError.notMapped) { try laboratory.write(1, 703) }
    try laboratory.write(1, 704)
    #expect(laboratory.areas == ["704-1004 rw"])
    try laboratory.map(2000..<2004, [.read, .write], [.private, .anonymous, .growsDown])
    try laboratory.map(1700..<1701, .read)
    #expect(throws: FaultError.notMapped) { try laboratory.write(1, 1956) }
    try laboratory.write(1, 1957)
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("mmap refuses bad arguments in the kernel's order")
  func arguments() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(4)
    let start = laboratory.address(0)
    func refuses(
      _ error: MapError, length: UInt = 4096, at address: VirtualAddress? = nil,
      _ flags: MapFlags, _ protection: Protection = .read, file: Ref<MappedFile>? = nil,
      access: MapRequest.FileAccess = [.read, .write], offset: UInt64 = 0, line: Int = #line
    ) {
      #expect(throws: error, "line \(line)") {
        try laboratory.space.pointee.mmap(
          MapRequest(
            address: address ?? start, length: ByteCount(length), protection: protection,
            flags: flags, file: file, access: access, offset: offset))
      }
    }
    refuses(.invalidArgument, length: 0, [.private, .anonymous])
    refuses(.outOfMemory, length: .max, [.private, .anonymous])
    refuses(.outOfMemory, length: 1 << 47, [.private, .anonymous])
    refuses(.invalidArgument, [.anonymous])
    refuses(.invalidArgument, [.sharedValidate, .anonymous])
    refuses(.invalidArgument, [.shared, .anonymous, .growsDown])
    refuses(.invalidArgument, at: VirtualAddress(4097), [.private, .anonymous, .fixed])
    refuses(.outOfMemory, at: VirtualAddress(1 << 47), [.private, .anonymous, .fixed])
    refuses(.offsetOverflow, .private, file: file, offset: 1 << 63)
    refuses(.accessDenied, .private, file: file, access: .write)
    refuses(.accessDenied, .shared, .write, file: file, access: .read)
    refuses(.invalidArgument, .private.union(.growsDown), file: file)
    refuses(
      .unsupportedFlag, .sharedValidate.union(.synchronous), file: file)
    #expect(laboratory.areas == [])
    laboratory.services.release(file)
    laboratory.expectNothingLeft()
  }
}
