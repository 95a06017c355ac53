import Machine
import MemoryTypes
import PageTables
import TestSupport
import Testing

@Suite("Page tables")
struct PageTableTests {
  private static let data: LeafAttributes = [.read, .write, .user]

  @Test("tables, MMU and a dictionary of pages agree after any history", arguments: Geometry.all)
  func histories(_ geometry: Geometry) {
    checkHistories(count: 12, length: 250) { random in
      TableOperation.draw(geometry, &random)
    } run: { operations in
      var history = try TableHistory(geometry.format)
      for (index, operation) in operations.enumerated() {
        try history.run(operation)
        if index % 10 == 0 { try history.check() }
      }
      try history.check()
      history.tables.destroy()
      try requireEqual(history.frames.live.count, 0, "frames out after destroy")
    }
  }

  @Test("a forgotten invalidation after unmap, protect or remap is detected")
  func plantedMistake() throws {
    for geometry in Geometry.all {
      let page = VirtualAddress(geometry.places[1])
      for mistake in 0..<3 {
        var history = try TableHistory(geometry.format)
        try history.tables.map(page, to: PageFrameNumber(9), Self.data)
        _ = try history.translate(page, .write, .user)
        #expect(history.mmu.pointee.firstStaleTranslation() == nil)
        let range = VirtualRange(page, count: geometry.format.pageSize.bytes)
        switch mistake {
        case 0: history.tables.unmap(range) { _, _ in }
        case 1: history.tables.protect(range) { $0.subtracting(.write) }
        default: try history.tables.map(page, to: PageFrameNumber(10), Self.data)
        }
        #expect(history.mmu.pointee.firstStaleTranslation() == page)
        history.forget(page)
        #expect(history.mmu.pointee.firstStaleTranslation() == nil)
      }
    }
  }

  @Test("with nothing mapped, freeing the tables leaves the root only", arguments: Geometry.all)
  func rootOnly(_ geometry: Geometry) throws {
    var history = try TableHistory(geometry.format)
    for place in geometry.places {
      try history.tables.map(VirtualAddress(place), to: PageFrameNumber(1), Self.data)
    }
    #expect(history.tables.tableCount > PageCount(1))
    let all = VirtualRange(VirtualAddress(0), VirtualAddress(UInt.max))
    var removed = 0
    history.tables.unmap(all) { _, _ in removed += 1 }
    #expect(removed == geometry.places.count)
    history.tables.freeTables(all, floor: VirtualAddress(0), ceiling: VirtualAddress(0))
    #expect(history.tables.tableCount == PageCount(1))
    #expect(history.frames.live.count == 1)
  }

  @Test("a table that covers part of a neighbour's mapping stays")
  func floorAndCeiling() throws {
    let megabyte: UInt = 1 << 20
    let range = VirtualRange(VirtualAddress(4 * megabyte), VirtualAddress(6 * megabyte))
    let gaps: [(floor: UInt, ceiling: UInt, freed: Bool)] = [
      (4, 6, true), (0, 0, true), (3, 7, true), (5, 6, false), (4, 5, false),
    ]
    for gap in gaps {
      var history = try TableHistory(.x86_64())
      try history.tables.map(range.start, to: PageFrameNumber(1), Self.data)
      history.tables.unmap(range) { _, _ in }
      history.tables.freeTables(
        range, floor: VirtualAddress(gap.floor * megabyte),
        ceiling: VirtualAddress(gap.ceiling * megabyte))
      #expect(history.tables.counts[.pte] == (gap.freed ? 0 : 1), "\(gap)")
      let isAlone = gap.floor == 0 && gap.ceiling == 0
      #expect(history.tables.counts[.pmd] == (isAlone ? 0 : 1), "\(gap)")
    }
  }

  @Test("a map that gets no frame maps nothing and leaks nothing", arguments: Geometry.all)
  func faults(_ geometry: Geometry) throws {
    for failing in 1..<UInt32(geometry.format.levelCount) {
      var history = try TableHistory(geometry.format)
      history.frames.plan = .failing(nth: failing)
      let page = VirtualAddress(geometry.places[1])
      #expect(throws: AllocationError.outOfMemory) {
        try history.tables.map(page, to: PageFrameNumber(1), Self.data)
      }
      #expect(history.tables.leaf(at: page) == nil)
      history.tables.checkInvariants()
      let range = VirtualRange(page, count: geometry.format.pageSize.bytes)
      history.tables.freeTables(range, floor: VirtualAddress(0), ceiling: VirtualAddress(0))
      #expect(history.frames.live.count == 1)
    }
  }

  @Test("the kernel's tables are shared by the root, and survive the process")
  func kernelHalf() throws {
    for format in [TranslationFormat.x86_64(), .i386] {
      let frames = TestFrames(pageSize: format.pageSize)
      let handle = TestFramesHandle(frames: frames)
      var kernel = try PageTable(format: format, pages: handle)
      try kernel.map(format.kernelStart, to: PageFrameNumber(7), [.read, .write, .global])
      var user = try PageTable(format: format, kernelRoot: kernel.root, pages: handle)
      try user.map(VirtualAddress(0), to: PageFrameNumber(8), Self.data)
      let before = kernel.tableCount
      #expect(user.leaf(at: format.kernelStart)?.frame == PageFrameNumber(7))
      user.checkInvariants()
      user.destroy()
      kernel.checkInvariants()
      #expect(kernel.leaf(at: format.kernelStart)?.frame == PageFrameNumber(7))
      #expect(UInt(frames.live.count) == before.rawValue)
      kernel.destroy()
      #expect(frames.live.isEmpty)
    }
  }
}
