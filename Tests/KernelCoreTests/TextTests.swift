import AddressSpaces
import KernelCore
import Machine
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Texts byte for byte, as running kernels write them.
struct TextTests {
  @Test("maps: names in column 73, a blank at the end of lines without one")
  func maps() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    let file = try laboratory.makeFile(size: 1 << 20, name: "/usr/bin/cat")
    try laboratory.map(task, 0..<2, .read, .private, file: .file(file, .read), offset: 0x2000)
    try laboratory.map(task, 2..<3)
    try laboratory.map(
      task, 4..<5, [.read, .execute], .shared, file: .file(file, [.read, .write]))
    try laboratory.map(task, 6..<8, [], [.shared, .anonymous])
    _ = try laboratory.kernel.mmap(
      task, address: 0, length: 4096, protection: 3, flags: 0x22)
    let pad = String(repeating: " ", count: 33)
    #expect(
      laboratory.maps(task)
        == """
        40000000-40002000 r--p 00002000 00:00 0 \(pad)/usr/bin/cat
        40002000-40003000 rw-p 00000000 00:00 0 \

        40004000-40005000 r-xs 00000000 00:00 0 \(pad)/usr/bin/cat
        40006000-40008000 ---s 00000000 00:00 0 \(pad)/dev/zero (deleted)
        7ffff7ffe000-7ffff7fff000 rw-p 00000000 00:00 0 \


        """)
  }

  @Test("maps: heap, stack, vdso and vvar by their names")
  func specialNames() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    let space = task.pointee.space
    space.pointee.setHeap(
      start: VirtualAddress(0x5555_5557_7000), programBreak: VirtualAddress(0x5555_5557_7000))
    _ = laboratory.kernel.brk(task, 0x5555_5559_8000)
    let special: [(UInt, VMA.SpecialMapping)] = [
      (0x7fff_f7ff_7000, .vvar), (0x7fff_f7ff_b000, .vvarClock), (0x7fff_f7ff_d000, .vdso),
    ]
    for (start, kind) in special {
      try space.pointee.addImageArea(
        VMA(
          range: VirtualRange(VirtualAddress(start), count: ByteCount(8192)),
          flags: [.read, .mayRead], pageOffset: 0, special: kind))
    }
    try space.pointee.addImageArea(
      VMA(
        range: VirtualRange(
          VirtualAddress(0x7fff_fffd_e000), VirtualAddress(0x7fff_ffff_f000)),
        flags: .dataDefault.union(.growsDown), pageOffset: 0))
    let pad = String(repeating: " ", count: 25)
    #expect(
      laboratory.maps(task) == """
        555555577000-555555598000 rw-p 00000000 00:00 0 \(pad)[heap]
        7ffff7ff7000-7ffff7ff9000 r--p 00000000 00:00 0 \(pad)[vvar]
        7ffff7ffb000-7ffff7ffd000 r--p 00000000 00:00 0 \(pad)[vvar_vclock]
        7ffff7ffd000-7ffff7fff000 r--p 00000000 00:00 0 \(pad)[vdso]
        7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0 \(pad)[stack]

        """)
  }

  @Test("maps: offsets of 4 GiB and more widen their column, not the line")
  func wideOffset() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    let file = try laboratory.makeFile(size: 1 << 40, name: "f")
    try laboratory.map(
      task, 0..<1, .read, .private, file: .file(file, .read), offset: 0x12_3456_7000)
    let line = laboratory.maps(task)
    #expect(line.hasPrefix("40000000-40001000 r--p 1234567000 00:00 0 "))
    #expect(line.count == 73 + "f\n".count)
  }

  @Test("maps: on i386 names begin in column 49")
  func narrowMaps() throws {
    let laboratory = try Laboratory(.i386)
    let task = try laboratory.kernel.spawn(id: 1)
    let file = try laboratory.makeFile(size: 4096, name: "/opt/test")
    try laboratory.map(task, 0..<1, .read, .private, file: .file(file, .read))
    #expect(
      laboratory.maps(task) == "40000000-40001000 r--p 00000000 00:00 0          /opt/test\n")
  }

  @Test("buddyinfo: one line per zone, counts right-aligned to six")
  func buddyInfo() throws {
    let laboratory = try Laboratory()
    var text = TextCollector()
    laboratory.kernel.writeBuddyInfo(to: &text)
    let counts = (0...10).map { laboratory.pages.pointee.freeBlockCount(of: Order(UInt8($0))) }
    let columns = counts.map { count in
      String(repeating: " ", count: 6 - "\(count)".count) + "\(count) "
    }
    #expect(text.text == "Node 0, zone   Normal \(columns.joined())\n")
    #expect(counts.last ?? 0 > 0)
  }

  @Test("zoneinfo: sizes, marks and lists of each zone under the kernel's names")
  func zoneInfo() throws {
    let laboratory = try Laboratory()
    var text = TextCollector()
    laboratory.kernel.writeZoneInfo(to: &text)
    let lines = text.text.split(separator: "\n", omittingEmptySubsequences: false)
    let zone = laboratory.pages.pointee.zones[0]
    #expect(lines[0] == "Node 0, zone   Normal")
    #expect(lines[1] == "  pages free     \(zone.pointee.freePages.rawValue)")
    #expect(lines[2] == "        boost    0")
    #expect(lines[7] == "        spanned  \(zone.pointee.spannedPages.rawValue)")
    #expect(lines[11] == "        protection: (0, 0)")
    #expect(lines.contains("    cpu: 0"))
    #expect(lines.contains("  start_pfn:           \(zone.pointee.range.start.rawValue)"))
    #expect(lines.contains("Node 0, zone  Movable"))
  }

  @Test("pagetypeinfo: the blocks of all types together are those of buddyinfo")
  func pageTypeInfo() throws {
    let laboratory = try Laboratory()
    var text = TextCollector()
    laboratory.kernel.writePageTypeInfo(to: &text)
    let rows = text.text.split(separator: "\n").filter { $0.hasPrefix("Node    0, zone   Normal") }
    #expect(rows.count == MigrateType.allCases.count)
    for order in 0...10 {
      let sum = rows.reduce(0) { sum, row in
        sum
          + (Int(row.split(separator: " ").suffix(11)[row.split(separator: " ").count - 11 + order])
            ?? 0)
      }
      #expect(sum == laboratory.pages.pointee.freeBlockCount(of: Order(UInt8(order))))
    }
    let blocks = text.text.split(separator: "\n").last?.split(separator: " ") ?? []
    let whole = laboratory.pages.pointee.zones[0].pointee.spannedPages.rawValue
    #expect(blocks.suffix(6).compactMap { Int($0) }.reduce(0, +) >= Int(whole / 512))
  }

  @Test("meminfo: all memory, what is free of it and what is free above the reserves")
  func memInfo() throws {
    let laboratory = try Laboratory()
    var text = TextCollector()
    laboratory.kernel.writeMemInfo(to: &text)
    let lines = text.text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    let managed = laboratory.pages.pointee.managedPageCount.rawValue * 4
    let free = laboratory.pages.pointee.freePageCount.rawValue * 4
    #expect(lines[0] == ["MemTotal:", "\(managed)", "kB"])
    #expect(lines[1] == ["MemFree:", "\(free)", "kB"])
    #expect(text.text.split(separator: "\n").allSatisfy { $0.count == 27 })
  }

  @Test("kpageflags: a free block, a slab, a table, a reserved frame and none at all")
  func pageFlags() throws {
    let laboratory = try Laboratory()
    let pages = laboratory.pages
    let page = try pages.pointee.allocatePages(order: Order(1), flags: [.kernel, .compound])
    let frame = pages.pointee.frame(of: page)
    #expect(laboratory.kernel.pageFlags(of: frame) == 1 << 15)
    #expect(laboratory.kernel.pageFlags(of: frame + PageCount(1)) == 1 << 16)
    page.pointee.mapCount = 3
    #expect(laboratory.kernel.pageFlags(of: frame) == 1 << 15 | 1 << 11)
    #expect(laboratory.kernel.mapCount(of: frame) == 3)
    page.pointee.mapCount = 0
    pages.pointee.freePages(page, order: Order(1))
    var free: UInt64 = 0
    pages.pointee.zones[0].pointee.forEachFree(of: Order(10), .movable) {
      free |= laboratory.kernel.pageFlags(of: $0)
    }
    #expect(free == 1 << 10)
    #expect(laboratory.kernel.pageFlags(of: pages.pointee.pages.end) == 1 << 20)
    #expect(laboratory.kernel.mapCount(of: pages.pointee.pages.end) == 0)
  }
}
