import Machine
import MemoryTypes
import PageTables

extension TableTrial {
  func map(_ page: UInt, _ frame: UInt, _ attributes: LeafAttributes) throws(Disagreement) {
    guard try isolate(page, page) else { return }
    let done = try attempt { () throws(AllocationError) in
      try tables.map(address(page), to: PageFrameNumber(frame), attributes)
    }
    if done { note(page, page, frame, attributes) }
    try compare(page)
  }

  func mapBlock(
    _ page: UInt, _ level: TranslationLevel, _ frame: UInt, _ attributes: LeafAttributes
  ) throws(Disagreement) {
    guard format.mayHoldLeaf(level), level <= format.root else { return }
    let pages = format.span(of: level).rawValue >> UInt(format.pageSize.shift)
    let first = page & ~(pages - 1)
    let last = first + (pages - 1)
    let frame = frame & ~(pages - 1)
    guard try unmap(first, last) else { return }
    tables.freeEmptyTables(range(first, last))
    let done = try attempt { () throws(AllocationError) in
      try tables.map(address(page), to: PageFrameNumber(frame), attributes, at: level)
    }
    if done {
      note(first, last, frame, attributes)
      try agree(tables.leaf(at: address(last))?.level, level, "level of a block")
    }
    try compare(page)
  }

  func mapRange(
    _ page: UInt, _ count: UInt, _ frame: UInt, _ attributes: LeafAttributes, _ isLargest: Bool
  ) throws(Disagreement) {
    let last = last(page, count)
    // All frames must be ones that descriptors can name.
    let frame = frame & (1 << (geometry.frameBits - 1) - 1)
    guard try unmap(page, last) else { return }
    if frame & 1 == 0 { tables.freeEmptyTables(range(page, last)) }
    let done = try attempt { () throws(AllocationError) in
      try tables.map(
        range(page, last), to: PageFrameNumber(frame), attributes,
        sizes: isLargest ? .largest : .pages)
    }
    if done { note(page, last, frame, attributes) }
    for page in [page, page + (last - page) / 2, last] { try compare(page) }
  }

  func place(
    _ page: UInt, _ area: UInt8, _ offset: UInt64, _ isMigration: Bool
  ) throws(Disagreement) {
    let isOdd = offset & 1 == 0
    let entry: SoftwareEntry =
      isMigration
      ? .migration(
        MigrationEntry(frame: PageFrameNumber(UInt(offset)), isWritable: isOdd, isSoftDirty: !isOdd)
      )
      : offset == 7
        ? .guardMarker : .swap(SwapEntry(area: area, offset: offset, isExclusive: isOdd))
    guard try isolate(page, page) else { return }
    let done = try attempt { () throws(AllocationError) in
      try tables.place(entry, at: address(page))
    }
    if done { model.place(entry, at: page) }
    try compare(page)
  }

  private func note(_ first: UInt, _ last: UInt, _ frame: UInt, _ attributes: LeafAttributes) {
    model.map(first, last, to: frame, plain(attributes).union(attributes.intersection(.marks)))
  }

  /// Both sides must have had the same pages. False, and all as it was, where frames lack.
  @discardableResult
  func unmap(_ first: UInt, _ last: UInt) throws(Disagreement) -> Bool {
    guard try isolate(first, last) else { return false }
    var pages: UInt = 0
    var wrong: String?
    let format = format
    tables.unmap(range(first, last)) { address, leaf in
      pages += format.span(of: leaf.level).rawValue >> UInt(format.pageSize.shift)
      let page = format.pageSize.pageNumber(of: address)
      if !Self.matches(leaf, model.page(page)) { wrong = "\(page): \(leaf)" }
    }
    var software: UInt = 0
    tables.removeSoftwareEntries(range(first, last)) { address, entry in
      software += 1
      let page = format.pageSize.pageNumber(of: address)
      if model.page(page) != .software(entry) { wrong = "\(page): \(entry)" }
    }
    try agree(wrong, nil, "removed")
    try agreeOnCount(first, last, pages, software)
    model.remove(first, last)
    return true
  }

  private func agreeOnCount(
    _ first: UInt, _ last: UInt, _ pages: UInt, _ software: UInt
  ) throws(Disagreement) {
    var expected: (pages: UInt, software: UInt) = (0, 0)
    for block in model.blocksAround(first, last) {
      if case .software = model.blocks[block] {
        expected.software += 1
      } else {
        expected.pages += min(block.last, last) - max(block.first, first) + 1
      }
    }
    try agree(pages, expected.pages, "pages removed")
    try agree(software, expected.software, "software entries removed")
  }
}
