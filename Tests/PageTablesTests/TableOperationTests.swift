import Machine
import MemoryTypes
import PageTableModel
import PageTables
import Testing

@Suite("Operations on page tables")
struct TableOperationTests {
  private static let data: LeafAttributes = [.read, .write, .user]

  private func tables(
    _ format: TranslationFormat, _ pool: FramePool
  ) throws -> PageTable<PooledFrames> {
    try PageTable(format: format, pages: PooledFrames(pool))
  }

  @Test("a range is mapped by the largest leaves and groups that it is aligned for")
  func largest() throws {
    let megabyte: UInt = 1 << 20
    let cases: [(TranslationFormat, start: UInt, size: UInt, tables: UInt, TranslationLevel)] = [
      (.x86_64(), 1 << 30, 2 << 30, 2, .pud),
      (.x86_64(), 2 * megabyte, 6 * megabyte, 3, .pmd),
      (.x86_64(hasGigabyteLeaves: false), 1 << 30, 1 << 30, 3, .pmd),
      (.i386, 4 * megabyte, 8 * megabyte, 1, .pmd),
      (.i386PAE(), 2 * megabyte, 4 * megabyte, 2, .pmd),
      (.arm64(), 1 << 30, 1 << 30, 2, .pud),
      (.arm64(pageSize: .size16K, virtualAddressBits: 47), 32 * megabyte, 64 * megabyte, 2, .pmd),
      (.arm64(pageSize: .size64K, virtualAddressBits: 42), 512 * megabyte, 1 << 30, 1, .pmd),
    ]
    for (format, start, size, tableCount, level) in cases {
      let pool = FramePool(pageSize: format.pageSize, count: 8)
      var tables = try tables(format, pool)
      let range = VirtualRange(VirtualAddress(start), count: ByteCount(size))
      let frame = PageFrameNumber(start >> UInt(format.pageSize.shift))
      try tables.map(range, to: frame, Self.data, sizes: .largest)
      #expect(tables.tableCount == PageCount(tableCount))
      #expect(tables.leaf(at: range.start)?.level == level)
      let last = tables.leaf(at: VirtualAddress(range.end.rawValue - 1))
      let pages = size >> UInt(format.pageSize.shift)
      #expect(last?.frame == frame + PageCount(pages - 1))
      tables.destroy()
    }
  }

  @Test("aligned runs of pages become contiguous groups of the granule's own length")
  func groups() throws {
    for (size, pages, blocks) in [
      (PageSize.size4K, 16, 16), (.size16K, 128, 32), (.size64K, 32, 32),
    ] as [(PageSize, UInt, UInt)] {
      let format = TranslationFormat.arm64(pageSize: size, virtualAddressBits: 48)
      #expect(1 << format.contiguousShift(of: .pte) == pages)
      #expect(1 << format.contiguousShift(of: .pmd) == blocks)
      let pool = FramePool(pageSize: size, count: 8)
      var tables = try tables(format, pool)
      let bytes = size.bytes.rawValue
      // One page more on each side of a group.
      let range = VirtualRange(
        VirtualAddress(bytes * (pages - 1)), count: ByteCount(bytes * (pages + 2)))
      try tables.map(range, to: PageFrameNumber(pages - 1), Self.data, sizes: .largest)
      var grouped: UInt = 0
      tables.forEachLeaf(in: range) { _, leaf in
        if leaf.attributes.contains(.contiguous) { grouped += 1 }
      }
      #expect(grouped == pages)
      tables.checkInvariants()
      tables.destroy()
    }
  }

  @Test("one page of a group changes after the whole group was broken, invalidated and made anew")
  func breakBeforeMake() throws {
    let format = TranslationFormat.arm64()
    let pool = FramePool(pageSize: .size4K, count: 8)
    var tables = try tables(format, pool)
    let group = VirtualRange(VirtualAddress(0x1_0000), count: ByteCount(0x1_0000))
    try tables.map(group, to: PageFrameNumber(0x10), Self.data, sizes: .largest)
    let walk = tables.walk(VirtualAddress(0x1_3000))
    let marked = format.marking(walk.descriptor, isWrite: true)
    format.store(marked, at: walk.entry, in: pool.directMap)
    let page = VirtualRange(VirtualAddress(0x1_5000), count: ByteCount(0x1000))
    var broken: [VirtualRange] = []
    let root = tables.root
    try tables.isolate(page) { range in
      broken.append(range)
      #expect(format.walk(page.start, from: root, in: pool.directMap).outcome == .empty)
    }
    #expect(broken == [group])
    tables.protect(page) { $0.subtracting(.write) }
    var dirty = 0
    tables.forEachLeaf(in: group) { _, leaf in
      #expect(!leaf.attributes.contains(.contiguous))
      if leaf.attributes.contains(.dirty) { dirty += 1 }
    }
    #expect(dirty == 16, "any of them may have been the one written")
    tables.destroy()
  }

  @Test("ranges over a sparse space enter only the tables that are there")
  func sparse() throws {
    let pool = FramePool(pageSize: .size4K, count: 64)
    var tables = try tables(.x86_64(), pool)
    for page in 0..<8 as Range<UInt> {
      try tables.map(VirtualAddress(page << 44), to: PageFrameNumber(page), Self.data)
    }
    var cursor = tables.cursor(VirtualRange(VirtualAddress(0), VirtualAddress(1 << 47)))
    var found = 0
    while tables.next(&cursor) != nil { found += 1 }
    #expect(found == 8)
    // Each of the 8 pages has three tables of its own below the root: no others were entered.
    #expect(tables.tableCount == PageCount(25))
    #expect(!cursor.isDamaged)
    tables.destroy()
  }

  @Test("a cursor that is kept goes on where it stood, over entries changed meanwhile")
  func resume() throws {
    let pool = FramePool(pageSize: .size4K, count: 16)
    var tables = try tables(.x86_64(), pool)
    for page in 0..<600 as Range<UInt> {
      try tables.map(VirtualAddress(page << 12), to: PageFrameNumber(page), Self.data)
    }
    var cursor = tables.cursor(VirtualRange(VirtualAddress(0), VirtualAddress(1 << 30)))
    for _ in 0..<300 { _ = tables.next(&cursor) }
    tables.unmap(VirtualRange(VirtualAddress(0), VirtualAddress(301 << 12))) { _, _ in }
    let next = tables.next(&cursor)
    #expect(next?.address == VirtualAddress(301 << 12))
    tables.destroy()
  }

  @Test("the bytes that Linux counts are those of the three lowest levels without the root")
  func countedBytes() throws {
    let counts: [(TranslationFormat, UInt)] = [
      (.x86_64(), 3), (.x86_64(virtualAddressBits: 57), 3), (.i386, 1), (.i386PAE(), 2),
      (.arm64(virtualAddressBits: 39), 2),
      (.arm64(pageSize: .size64K, virtualAddressBits: 42), 1),
    ]
    for (format, tableCount) in counts {
      let pool = FramePool(pageSize: format.pageSize, count: 8)
      var tables = try tables(format, pool)
      try tables.map(VirtualAddress(0), to: PageFrameNumber(1), Self.data)
      #expect(tables.countedBytes == format.pageSize.bytes(in: PageCount(tableCount)))
      tables.destroy()
    }
  }
}
