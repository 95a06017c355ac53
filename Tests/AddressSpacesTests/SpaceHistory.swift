import AddressSpaces
import MemoryTypes
import TestSupport
import Testing

/// One call of a random history; places are pages from the base.
enum SpaceOperation {
  case map(start: Int, count: Int, Protection, MapSource, MapPlace)
  case unmap(start: Int, count: Int)
  case protect(start: Int, count: Int, Protection)
  case remap(start: Int, count: Int, newCount: Int, target: Int?)
  /// `mremap` that leaves the old range in place, empty.
  case remapKeeping(start: Int, count: Int, target: Int?)
  case setBreak(Int)
  case write(UInt8, Int)
  case read(Int)

  /// How the place of a mapping is given.
  enum MapPlace { case free, hint, fixed, fixedNoReplace }

  /// The pages that calls name; the heap begins in their middle.
  static let window = 48
  static let filePages = 12

  static func draw(_ random: inout SeededGenerator) -> SpaceOperation {
    let start = random.next(in: 0..<window)
    let count = random.next(in: 1..<10)
    switch random.next(in: 0..<21) {
    case 0..<5:
      let places: [MapPlace] = [.free, .hint, .fixed, .fixed, .fixedNoReplace]
      return .map(
        start: start, count: count, protection(&random), source(&random),
        random.element(of: places))
    case 5..<8: return .unmap(start: start, count: count)
    case 8..<11: return .protect(start: start, count: count, protection(&random))
    case 11..<14:
      let target = random.chance(oneIn: 2) ? random.next(in: 0..<window) : nil
      return .remap(
        start: start, count: count, newCount: random.next(in: 1..<12), target: target)
    case 20:
      let target = random.chance(oneIn: 2) ? random.next(in: 0..<window) : nil
      return .remapKeeping(start: start, count: count, target: target)
    case 14: return .setBreak(window / 2 + random.next(in: 0..<10) - 1)
    case 15..<18: return .write(UInt8(random.next(in: 1..<256)), start)
    default: return .read(start)
    }
  }

  private static func protection(_ random: inout SeededGenerator) -> Protection {
    random.element(of: [[], .read, [.read, .write], [.read, .write], [.read, .execute]])
  }

  private static func source(_ random: inout SeededGenerator) -> MapSource {
    switch random.next(in: 0..<8) {
    case 0: .sharedAnonymous
    case 1...2:
      .file(
        random.next(in: 0..<2), offset: random.next(in: 0..<filePages),
        isShared: random.chance(oneIn: 2))
    default: .anonymous
    }
  }
}

/// Does the same calls to an address space and to its model, and compares what can be seen.
struct SpaceHistory {
  let laboratory: Laboratory
  private let files: [Ref<MappedFile>]
  private(set) var model: SpaceModel
  /// `MREMAP_DONTUNMAP` makes touched areas untouched, and does not look for neighbours then.
  private var hasKeptRanges = false

  init() throws {
    laboratory = try Laboratory(frames: 2048)
    let made = laboratory
    files = try (0..<2).map { _ in try made.makeFile(SpaceOperation.filePages) }
    model = SpaceModel(top: made.page(made.space.pointee.layout.mmapBase))
    model.heapStart = SpaceOperation.window / 2
    model.heapEnd = model.heapStart
    let heap = made.address(model.heapStart)
    made.space.pointee.setHeap(start: heap, programBreak: heap)
  }

  mutating func run(_ operation: SpaceOperation) throws {
    switch operation {
    case .map(let start, let count, let protection, let source, let place):
      try map(start, count, protection, source, place)
    case .unmap(let start, let count):
      try laboratory.unmap(start..<start + count)
      model.unmap(start..<start + count)
    case .protect(let start, let count, let protection):
      let error = outcome { try laboratory.protect(start..<start + count, protection) }
      let expected = model.protect(start..<start + count, protection)
      try requireEqual(error, expected, "mprotect")
    case .remap(let start, let count, let newCount, let target):
      try remap(start..<start + count, newCount, target)
    case .remapKeeping(let start, let count, let target):
      try remapKeeping(start..<start + count, target)
    case .setBreak(let end):
      let result = laboratory.page(laboratory.setBreak(laboratory.address(end)))
      try requireEqual(result, model.setBreak(end), "brk")
    case .write(let byte, let page):
      var error: FaultError?
      do { try laboratory.write(byte, page) } catch let refused { error = refused }
      try requireEqual(
        error, model.write(byte, page, filePages: SpaceOperation.filePages), "a write")
    case .read(let page):
      try compareRead(page)
    }
  }

  private mutating func map(
    _ start: Int, _ count: Int, _ protection: Protection, _ source: MapSource,
    _ place: SpaceOperation.MapPlace
  ) throws {
    var request = request(count, protection, source)
    let isFree = !model.isTaken(start, count)
    var expected = start
    switch place {
    case .free: expected = model.place(count)
    case .hint:
      request.address = laboratory.address(start)
      if !isFree { expected = model.place(count) }
    case .fixed:
      request.address = laboratory.address(start)
      request.flags.insert(.fixed)
    case .fixedNoReplace:
      request.address = laboratory.address(start)
      request.flags.insert(.fixedNoReplace)
    }
    var result: VirtualAddress?
    let error = outcome { result = try laboratory.space.pointee.mmap(request) }
    laboratory.flush()
    if place == .fixedNoReplace, !isFree {
      return try requireEqual(error, MapError.rangeInUse, "mmap")
    }
    try requireEqual(error, nil, "mmap")
    try requireEqual(result.map(laboratory.page), expected, "the place of a mapping")
    model.map(expected..<expected + count, protection, source)
  }

  private func request(
    _ count: Int, _ protection: Protection, _ source: MapSource
  ) -> MapRequest {
    var request = MapRequest(
      address: VirtualAddress(0), length: laboratory.bytes(count), protection: protection,
      flags: source.isShared ? .shared : .private)
    if case .file(let number, let offset, _) = source {
      request.file = files[number]
      request.offset = UInt64(laboratory.bytes(offset).rawValue)
    } else {
      request.flags.insert(.anonymous)
    }
    return request
  }

  private mutating func remap(_ old: Range<Int>, _ newCount: Int, _ target: Int?) throws {
    let flags: RemapFlags = target == nil ? .mayMove : [.mayMove, .fixed]
    // Where areas end is not in the model: the call is for a part of one area.
    let area = laboratory.space.pointee.vmas.vma(at: laboratory.address(old.lowerBound))
    let end = area.map { laboratory.page($0.pointee.end) } ?? old.lowerBound
    var result: VirtualAddress?
    let error = outcome { result = try laboratory.remap(old, to: newCount, flags, at: target) }
    if let target, old.overlaps(target..<target + newCount) {
      return try requireEqual(error, MapError.invalidArgument, "mremap onto itself")
    }
    if let target, newCount == old.count {
      return try requireMoved(error, old, to: target)
    }
    guard end >= old.lowerBound + leastHeld(old.count, newCount, isMoved: target != nil) else {
      return try requireEqual(error, MapError.badAddress, "mremap")
    }
    try requireEqual(error, nil, "mremap")
    if let target { model.unmap(target..<target + newCount) }
    let expected = target ?? placeOfRemap(old, newCount, end)
    model.move(old, to: expected..<expected + newCount)
    model.unmap(0..<0)
    try requireEqual(result.map(laboratory.page), expected, "the place of a moved mapping")
  }

  /// How much of the old range must lie in one area; what is cut off may lie in others.
  private func leastHeld(_ count: Int, _ newCount: Int, isMoved: Bool) -> Int {
    if newCount > count { return count }
    return isMoved ? newCount : 1
  }

  /// All areas of a range went to a fixed place, with the holes between them.
  private mutating func requireMoved(
    _ error: MapError?, _ old: Range<Int>, to target: Int, keeping: Bool = false
  ) throws {
    let isThere = model.pages[old.lowerBound] != nil
    try requireEqual(error, isThere ? nil : .badAddress, "mremap of a range")
    if isThere { model.moveEach(old, to: target, keeping: keeping) }
  }

  private mutating func remapKeeping(_ old: Range<Int>, _ target: Int?) throws {
    var flags: RemapFlags = [.mayMove, .dontUnmap]
    if target != nil { flags.insert(.fixed) }
    let area = laboratory.space.pointee.vmas.vma(at: laboratory.address(old.lowerBound))
    let end = area.map { laboratory.page($0.pointee.end) } ?? old.lowerBound
    let error = outcome { _ = try laboratory.remap(old, to: old.count, flags, at: target) }
    if let target {
      if old.overlaps(target..<target + old.count) {
        return try requireEqual(error, MapError.invalidArgument, "mremap onto itself")
      }
      hasKeptRanges = true
      return try requireMoved(error, old, to: target, keeping: true)
    }
    guard end >= old.upperBound else {
      return try requireEqual(error, MapError.badAddress, "mremap that keeps the range")
    }
    try requireEqual(error, nil, "mremap that keeps the range")
    hasKeptRanges = true
    model.moveEach(old, to: model.place(old.count), keeping: true)
  }

  private func placeOfRemap(_ old: Range<Int>, _ newCount: Int, _ end: Int) -> Int {
    if newCount <= old.count { return old.lowerBound }
    let isFree = !model.isTaken(old.upperBound, newCount - old.count)
    return end == old.upperBound && isFree ? old.lowerBound : model.place(newCount)
  }

  private func outcome(_ call: () throws -> Void) -> MapError? {
    do {
      try call()
      return nil
    } catch { return error as? MapError }
  }
}

/// The comparison.
extension SpaceHistory {
  /// Compares areas, accounts and structure; contents too when asked, which touches pages.
  func check(contents: Bool = false) throws {
    laboratory.space.pointee.checkInvariants()
    try compareAreas()
    try requireEqual(laboratory.committed, expectedPromises(), "promised pages")
    guard contents else { return }
    laboratory.checkInvariants()
    for page in model.pages.keys { try compareRead(page) }
  }

  func compareRead(_ page: Int) throws {
    let expected = model.read(page, filePages: SpaceOperation.filePages)
    var found: Result<UInt8, FaultError>
    do { found = .success(try laboratory.read(page)) } catch { found = .failure(error) }
    try requireEqual(found, expected, "the byte of page \(page)")
  }

  /// Every page of every area is the model's, and areas that could be one are one.
  private func compareAreas() throws {
    var count = 0
    var area = laboratory.space.pointee.vmas.first
    var last: VMA?
    while let vma = area {
      let pages = laboratory.page(vma.pointee.start)..<laboratory.page(vma.pointee.end)
      for page in pages { try compare(vma.pointee, page) }
      // The heap does not join what lies in front of it.
      if !hasKeptRanges, let last, last.couldBeOne(with: vma.pointee),
        pages.lowerBound != model.heapStart
      {
        throw Difference("two areas that could be one meet at page \(pages.lowerBound)")
      }
      count += pages.count
      last = vma.pointee
      area = laboratory.space.pointee.vmas.next(vma)
    }
    try requireEqual(count, model.pages.count, "mapped pages")
  }

  private func compare(_ area: VMA, _ page: Int) throws {
    guard let expected = model.pages[page] else {
      throw Difference("page \(page) is mapped, but not in the model")
    }
    let access = area.flags.intersection(.access)
    try requireEqual(access, VMAFlags(protection: expected.protection), "access to page \(page)")
    try requireEqual(area.flags.contains(.shared), expected.isShared, "sharing of page \(page)")
    let offset = Int(area.pageOffset(of: laboratory.address(page), .size4K))
    switch expected.backing {
    case .anonymous: try requireEqual(area.isAnonymous, true, "page \(page) is anonymous")
    case .object(let object, let index):
      try requireEqual(offset, index, "what page \(page) shows")
      let file = object < files.count ? files[object] : nil
      if file != nil { try requireEqual(area.file, file, "the file of page \(page)") }
    }
  }

  /// What the areas say was promised, and the sizes of shared memory.
  private func expectedPromises() -> UInt {
    var sum = UInt(model.promised.values.reduce(0, +))
    var area = laboratory.space.pointee.vmas.first
    while let vma = area {
      if vma.pointee.flags.contains(.accounted) {
        sum += PageSize.size4K.pages(in: vma.pointee.range.count).rawValue
      }
      area = laboratory.space.pointee.vmas.next(vma)
    }
    return sum
  }

  func end() throws {
    for file in files { laboratory.services.release(file) }
    laboratory.expectNothingLeft()
  }
}

extension VMA {
  /// Neighbours that never had a page of their own and differ in nothing.
  fileprivate func couldBeOne(with next: VMA) -> Bool {
    end == next.start && flags == next.flags && file == next.file
      && anonVMA == nil && next.anonVMA == nil
      && pageOffset(of: next.start, .size4K) == next.pageOffset
  }
}
