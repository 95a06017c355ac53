import Machine
import MemoryTypes
import PageTables
import TestSupport

/// One step of a history.
enum TableOperation {
  case map(page: UInt, frame: PageFrameNumber, LeafAttributes)
  case unmap(page: UInt, count: UInt)
  case protect(page: UInt, count: UInt, LeafAttributes)
  case access(page: UInt, MemoryAccess, Privilege)

  static func draw(_ geometry: Geometry, _ random: inout SeededGenerator) -> TableOperation {
    let shift = UInt(geometry.format.pageSize.shift)
    let place = random.element(of: geometry.places) &+ UInt(random.next(below: 12)) << shift
    let page = min(place >> shift, Geometry.lastPage(geometry.format))
    let count = UInt(random.next(below: random.chance(oneIn: 4) ? 1500 : 12)) + 1
    var flags = LeafAttributes(rawValue: UInt32(random.next(below: 16)))
    let isKernels = geometry.format.isHigh(VirtualAddress(page << shift))
    if isKernels { flags.remove(.user) }
    switch random.next(below: 10) {
    case 0..<4:
      return .map(page: page, frame: PageFrameNumber(UInt(random.next(below: 1 << 20))), flags)
    case 4: return .unmap(page: page, count: count)
    case 5: return .protect(page: page, count: count, flags)
    default:
      let access: MemoryAccess = random.element(of: [.read, .write, .execute])
      return .access(page: page, access, random.chance(oneIn: 2) ? .user : .kernel)
    }
  }
}

/// Tables, an MMU and the model, led through the same history.
struct TableHistory: ~Copyable {
  let format: TranslationFormat
  let frames: TestFrames
  var tables: PageTable<TestFramesHandle>
  var model: TableModel
  let mmu: Ref<MMU>

  init(_ format: TranslationFormat) throws {
    self.format = format
    frames = TestFrames(pageSize: format.pageSize)
    tables = try PageTable(format: format, pages: TestFramesHandle(frames: frames))
    model = TableModel(format: format)
    mmu = frames.makeMMU(format, tables.root)
  }

  func address(_ page: UInt) -> VirtualAddress {
    VirtualAddress(page << UInt(format.pageSize.shift))
  }

  func translate(
    _ address: VirtualAddress, _ access: MemoryAccess, _ privilege: Privilege
  ) throws(MMUFault) -> PhysicalAddress {
    // A copy: instrumenting for the thread sanitizer, the compiler (6.3) breaks on a change
    // through a reference that a borrowed struct holds.
    let mmu = mmu
    return try mmu.pointee.translate(address, access, privilege)
  }

  /// Invalidates the page, as whoever changes its entry must.
  func forget(_ address: VirtualAddress) {
    let mmu = mmu
    mmu.pointee.tlb.invalidate(address, asid: ASID(0))
  }

  mutating func run(_ operation: TableOperation) throws {
    switch operation {
    case .map(let page, let frame, let flags):
      try tables.map(address(page), to: frame, flags)
      model.pages[page] = .init(frame: frame, attributes: format.normalized(flags))
      forget(address(page))
    case .unmap(let page, let count): try unmap(page, count)
    case .protect(let page, let count, let flags): protect(page, count, flags)
    case .access(let page, let access, let privilege): try touch(page, access, privilege)
    }
    try requireEqual(mmu.pointee.firstStaleTranslation(), nil, "stale translation")
  }

  /// Unmaps as Linux does: leaves, invalidation, then the tables in the gap between neighbours.
  private mutating func unmap(_ page: UInt, _ count: UInt) throws {
    let range = VirtualRange(address(page), end(page, count))
    let expected = model.mapped(page, count)
    var met: [UInt] = []
    let format = format
    tables.unmap(range) { address, _ in met.append(format.pageSize.pageNumber(of: address)) }
    try requireEqual(met, expected, "pages unmapped")
    for page in expected {
      model.pages[page] = nil
      forget(address(page))
    }
    let below = model.pages.keys.filter { $0 < page }.max()
    let above = model.pages.keys.filter { $0 > page }.min()
    tables.freeTables(
      range, floor: below.map { address($0 &+ 1) } ?? VirtualAddress(0),
      ceiling: above.map { address($0) } ?? VirtualAddress(0))
  }

  private mutating func protect(_ page: UInt, _ count: UInt, _ flags: LeafAttributes) {
    let marks: LeafAttributes = [.accessed, .dirty]
    tables.protect(VirtualRange(address(page), end(page, count))) { old in
      flags.union(old.intersection(marks))
    }
    for page in model.mapped(page, count) {
      let kept = model.pages[page]!.attributes.intersection(marks)
      model.pages[page]!.attributes = format.normalized(flags.union(kept))
      forget(address(page))
    }
  }

  private mutating func touch(
    _ page: UInt, _ access: MemoryAccess, _ privilege: Privilege
  ) throws {
    let expected = model.access(page, access, privilege)
    do {
      let physical = try translate(address(page), access, privilege)
      try requireEqual(expected == nil, true, "access allowed")
      let frame = format.pageSize.frame(of: physical)
      try requireEqual(frame, model.pages[page]?.frame, "frame behind \(page)")
    } catch let fault as MMUFault {
      try requireEqual(fault.kind, expected?.0, "fault kind")
      try requireEqual(fault.level, expected?.1, "fault level")
    }
  }

  /// The end of a range of pages, at most the end of the addresses.
  private func end(_ page: UInt, _ count: UInt) -> VirtualAddress {
    let last = Geometry.lastPage(format)
    return address(count > last - page ? last &+ 1 : page + count)
  }

  /// Compares everything.
  func check() throws {
    tables.checkInvariants()
    for level in (0..<UInt8(format.levelCount)).map({ TranslationLevel($0) }) {
      try requireEqual(tables.counts[level], model.tableCount(of: level), "tables of \(level)")
    }
    try requireEqual(UInt(frames.live.count), tables.tableCount.rawValue, "frames out")
    var met: [UInt: TableModel.Entry] = [:]
    var order: [UInt] = []
    let format = format
    tables.forEachLeaf(in: VirtualRange(VirtualAddress(0), VirtualAddress(UInt.max))) {
      address, leaf in
      let page = format.pageSize.pageNumber(of: address)
      met[page] = .init(frame: leaf.frame, attributes: leaf.attributes)
      order.append(page)
    }
    try requireEqual(met, model.pages, "leaves")
    try requireEqual(order, order.sorted(), "order of leaves")
    for (page, entry) in model.pages {
      try requireEqual(tables.leaf(at: address(page))?.frame, entry.frame, "leaf at \(page)")
    }
  }
}

/// A copyable handle to `TestFrames`.
struct TestFramesHandle: TableFrameSource {
  let frames: TestFrames
  var directMap: DirectMap { frames.directMap }
  func allocateTableFrame() throws(AllocationError) -> PageFrameNumber {
    try frames.allocateTableFrame()
  }
  func freeTableFrame(_ frame: PageFrameNumber) { frames.freeTableFrame(frame) }
}
