internal import Machine
public import MemoryTypes
internal import PageTables

/// Page tables and the model, led through the same history.
///
/// Each step is done on both and what it touched is compared; `check()` compares everything.
public final class TableTrial {
  public let geometry: TableGeometry
  public let pool: FramePool
  var tables: PageTable<PooledFrames>
  var model: PageDictionary
  /// How often each invalidation between breaking and making found the old leaf still there.
  var wrongBreaks = 0
  /// Steps that got too few frames, and changed nothing.
  public internal(set) var refusals = 0

  var format: TranslationFormat { geometry.format }

  public init(_ geometry: TableGeometry, frames: UInt = 256) throws(AllocationError) {
    self.geometry = geometry
    pool = FramePool(pageSize: geometry.format.pageSize, count: frames)
    tables = try PageTable(format: geometry.format, pages: PooledFrames(pool))
    model = PageDictionary(geometry.format)
  }

  public func run(_ step: TableStep) throws(Disagreement) {
    if case .fail(let nth) = step {
      pool.plan = .failing(nth: nth)
      return
    }
    try perform(step)
    try agree(wrongBreaks, 0, "leaves still there while broken")
    try agree(pool.mistakes, 0, "tables freed twice")
  }

  private func perform(_ step: TableStep) throws(Disagreement) {
    switch step {
    case .map(let page, let frame, let attributes):
      try map(page, frame, LeafAttributes(rawValue: attributes))
    case .mapBlock(let page, let level, let frame, let attributes):
      try mapBlock(
        page, TranslationLevel(level), frame, LeafAttributes(rawValue: attributes))
    case .mapRange(let page, let count, let frame, let attributes, let isLargest):
      try mapRange(page, count, frame, LeafAttributes(rawValue: attributes), isLargest)
    case .place(let page, let area, let offset, let isMigration):
      try place(page, area, offset, isMigration)
    case .unmap(let page, let count): try unmap(page, last(page, count))
    case .protect(let page, let count, let attributes):
      try protect(page, last(page, count), LeafAttributes(rawValue: attributes))
    case .translate(let page): try compare(page)
    case .touch(let page, let isWrite): try touch(page, isWrite)
    case .split(let page): try split(page)
    case .collapse(let page, let level): try collapse(page, TranslationLevel(level))
    case .fold(let page, let level): try fold(page, TranslationLevel(level))
    case .unfold(let page):
      tables.unfold(address(page), breaking: breaking)
      try compare(page)
    case .fork(let page, let count): try fork(page, last(page, count))
    case .freeEmpty(let page, let count):
      tables.freeEmptyTables(range(page, last(page, count)))
      try compare(page)
    case .fail: break
    }
  }

  func address(_ page: UInt) -> VirtualAddress {
    VirtualAddress(page << UInt(format.pageSize.shift))
  }

  /// The addresses of `first … last`; the end of the last page of the word is 0.
  func range(_ first: UInt, _ last: UInt) -> VirtualRange {
    VirtualRange(address(first), address(last) + format.pageSize.bytes)
  }

  /// The last of `count` pages, cut at the end of the half.
  func last(_ page: UInt, _ count: UInt) -> UInt {
    let end = geometry.lastPage(after: page)
    return end - page < count ? end : page + count - 1
  }

  /// The attributes as both sides keep them: without marks and without the contiguous bit.
  func plain(_ attributes: LeafAttributes) -> LeafAttributes {
    format.normalized(attributes).subtracting([.accessed, .dirty, .contiguous])
  }

  /// What an invalidation would see: nothing may translate at that moment.
  var breaking: (VirtualRange) -> Void {
    let (format, root, memory) = (format, tables.root, pool.directMap)
    return { [self] range in
      for address in [range.start, VirtualAddress(range.end.rawValue &- 1)]
      where format.walk(address, from: root, in: memory).outcome != .empty {
        wrongBreaks += 1
      }
    }
  }

  /// Does what may lack frames; then all must be as before, and the answer is false.
  func attempt(_ body: () throws(AllocationError) -> Void) throws(Disagreement) -> Bool {
    let counts = tables.counts
    do {
      try body()
      return true
    } catch {
      try agree(tables.counts, counts, "tables after a failure")
      try agree(UInt(pool.liveCount), tables.tableCount.rawValue, "frames after a failure")
      refusals += 1
      if pool.plan.failureCount == 0 { try removeEverything() }
      pool.plan = .none
      return false
    }
  }

  /// Makes `first … last` whole leaves and groups; false where frames lack.
  func isolate(_ first: UInt, _ last: UInt) throws(Disagreement) -> Bool {
    do {
      try tables.isolate(range(first, last), breaking: breaking)
      return true
    } catch {
      refusals += 1
      let isExhausted = pool.plan.failureCount == 0
      pool.plan = .none
      try compare(first)
      try compare(last)
      if isExhausted { try removeEverything() }
      return false
    }
  }

  private func removeEverything() throws(Disagreement) {
    for part in geometry.parts {
      tables.unmap(part) { _, _ in }
      tables.removeSoftwareEntries(part) { _, _ in }
      tables.freeEmptyTables(part)
    }
    try agree(tables.tableCount, PageCount(1), "tables after everything was removed")
    model = PageDictionary(format)
  }

  /// Ends the trial: every frame must come back.
  public func finish() throws(Disagreement) {
    try check()
    tables.destroy()
    try agree(pool.liveCount, 0, "frames out at the end")
  }
}
