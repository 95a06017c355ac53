import AddressSpaces
import MemoryTypes
import Testing

/// Where `mmap` puts a mapping.
struct PlacementTests {
  private static let top = VirtualAddress(0x7fff_f7ff_f000)
  private static let hugePages = 512

  private func below(_ top: VirtualAddress, _ pages: Int) -> VirtualAddress {
    top - ByteCount(UInt(pages) * Laboratory.pageBytes)
  }

  @Test("the first mapping ends at the mmap base, the next one below it")
  func topDown() throws {
    let laboratory = try Laboratory()
    #expect(try laboratory.place(3) == below(Self.top, 3))
    #expect(try laboratory.place(2, [.private, .anonymous], .read) == below(Self.top, 5))
    #expect(laboratory.areas.count == 2)
    laboratory.checkInvariants()
  }

  @Test("the highest gap that is large enough is taken")
  func highestGap() throws {
    let laboratory = try Laboratory()
    let first = try laboratory.place(10)
    let hole = first + laboratory.bytes(4)
    try laboratory.space.pointee.munmap(hole, laboratory.bytes(3))
    #expect(try laboratory.place(4, [.shared, .anonymous]) == below(first, 4))
    #expect(try laboratory.place(3, [.shared, .anonymous]) == hole)
  }

  @Test("a hint is rounded down and taken where it is free")
  func hint() throws {
    let laboratory = try Laboratory()
    let hint = VirtualAddress(0x5000_0fff)
    #expect(try laboratory.place(2, hint: hint).rawValue == 0x5000_0000)
  }

  @Test("a hint that is taken, in part or wholly, is ignored")
  func takenHint() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<4)
    #expect(try laboratory.place(2, hint: laboratory.address(1)) == below(Self.top, 2))
    #expect(try laboratory.place(2, hint: laboratory.address(-1)) == below(Self.top, 4))
  }

  @Test("hints below 64 KiB are lifted to it, those above the task size ignored")
  func extremeHints() throws {
    let laboratory = try Laboratory()
    #expect(try laboratory.place(1, hint: VirtualAddress(4096)).rawValue == 65536)
    #expect(
      try laboratory.place(1, hint: VirtualAddress(0xffff_8000_0000_0000)) == below(Self.top, 1))
  }

  @Test("anonymous memory of whole huge pages without a hint is aligned to them")
  func hugeAlignment() throws {
    let laboratory = try Laboratory()
    let huge = UInt(Self.hugePages) * Laboratory.pageBytes
    #expect(try laboratory.place(Self.hugePages).rawValue % huge == 0)
    #expect(try laboratory.place(Self.hugePages + 1).rawValue % huge != 0)
    let hint = VirtualAddress(0xffff_8000_0000_0000)
    #expect(try laboratory.place(Self.hugePages, hint: hint).rawValue % huge != 0)
  }

  @Test("MAP_32BIT places bottom-up from 1 GiB")
  func low2GB() throws {
    let laboratory = try Laboratory()
    let flags: MapFlags = [.private, .anonymous, .low2GB]
    #expect(try laboratory.place(3, flags).rawValue == 0x4000_0000)
    #expect(try laboratory.place(2, flags, .read).rawValue == 0x4000_3000)
  }

  @Test("256 pages below a stack stay free: hints into them are refused, fixed addresses are not")
  func guardGap() throws {
    let laboratory = try Laboratory()
    try laboratory.map(1000..<1004, [.read, .write], [.private, .anonymous, .growsDown])
    #expect(try laboratory.place(1, hint: laboratory.address(744)) == below(Self.top, 1))
    #expect(try laboratory.place(1, hint: laboratory.address(743)) == laboratory.address(743))
    try laboratory.map(800..<801, .read)
    #expect(laboratory.areas.contains("800-801 r-"))
  }

  @Test("top-down placement leaves the gap below a stack free")
  func guardGapTopDown() throws {
    let laboratory = try Laboratory()
    let flags: MapFlags = [.private, .anonymous, .growsDown]
    #expect(try laboratory.place(1, flags) == below(Self.top, 1))
    #expect(try laboratory.place(1) == below(Self.top, 258))
  }

  @Test("MAP_FIXED replaces what is there")
  func fixed() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<6)
    try laboratory.write(7, 2)
    try laboratory.map(2..<4, .read)
    #expect(laboratory.areas == ["0-2 rw", "2-4 r-", "4-6 rw"])
    #expect(try laboratory.read(2) == 0)
    laboratory.checkInvariants()
  }

  @Test("MAP_FIXED_NOREPLACE takes free room and refuses to replace")
  func fixedNoReplace() throws {
    let laboratory = try Laboratory()
    let flags: MapFlags = [.private, .anonymous, .fixedNoReplace]
    #expect(try laboratory.place(2, hint: laboratory.address(0), flags) == laboratory.address(0))
    #expect(throws: MapError.rangeInUse) {
      try laboratory.place(2, hint: laboratory.address(1), flags)
    }
    #expect(laboratory.areas == ["0-2 rw"])
  }

  @Test("address 0 is refused without privilege, the second page is not")
  func lowest() throws {
    let laboratory = try Laboratory()
    let flags: MapFlags = [.private, .anonymous, .fixed]
    #expect(throws: MapError.notPermitted) { try laboratory.place(1, flags) }
    #expect(try laboratory.place(1, hint: VirtualAddress(4096), flags).rawValue == 4096)
  }

  @Test("when nothing is free below the base, placement goes bottom-up above it")
  func fallsBack() throws {
    let laboratory = try Laboratory()
    let layout = laboratory.space.pointee.layout
    let all = VirtualRange(VirtualAddress(65536), layout.mmapBase)
    _ = try laboratory.space.pointee.mmap(
      MapRequest(
        address: all.start, length: all.count, protection: [],
        flags: [.private, .anonymous, .fixed, .noReserve]))
    #expect(try laboratory.place(1) == layout.mmapBase)
  }
}
