import AddressSpaces
import MemoryTypes

/// What one page of an address space is, as a program could tell.
struct ModelPage: Equatable, CustomStringConvertible {
  enum Backing: Equatable {
    case anonymous
    case object(Int, page: Int)
  }

  var protection: Protection
  var backing: Backing = .anonymous
  var isShared = false
  /// What was written to a private page; nil for "what the backing has".
  var content: UInt8?

  var description: String {
    "\(protection.rawValue)\(isShared ? "s" : "") \(backing) \(content.map(String.init) ?? "-")"
  }
}

/// An address space as a dictionary of pages: slow, and too simple to be wrong.
///
/// Pages are counted from the laboratory's base. Placement scans downwards page by page.
struct SpaceModel {
  var pages: [Int: ModelPage] = [:]
  /// What was written to files and shared memory, by object and page.
  var objects: [Int: [Int: UInt8]] = [:]
  /// The size of shared anonymous objects; files have none.
  var promised: [Int: Int] = [:]
  /// The heap, in pages.
  var heapStart = 0
  var heapEnd = 0
  /// The first page that is not placed top-down.
  let top: Int
  private var nextObject = 100

  init(top: Int) { self.top = top }

  /// The highest free run of pages.
  func place(_ count: Int) -> Int {
    var start = top - count
    while let taken = (start..<start + count).last(where: { pages[$0] != nil }) {
      start = taken - count
      while isTaken(start, count) { start -= 1 }
    }
    return start
  }

  func isTaken(_ start: Int, _ count: Int) -> Bool {
    (start..<start + count).contains { pages[$0] != nil }
  }

  mutating func map(_ range: Range<Int>, _ protection: Protection, _ source: MapSource) {
    unmap(range)
    var object: Int?
    switch source {
    case .anonymous: break
    case .sharedAnonymous:
      object = nextObject
      promised[nextObject] = range.count
      nextObject += 1
    case .file(let number, _, _): object = number
    }
    for page in range {
      var mapped = ModelPage(protection: protection, isShared: source.isShared)
      if let object {
        mapped.backing = .object(object, page: source.offset + page - range.lowerBound)
      }
      pages[page] = mapped
    }
  }

  mutating func unmap(_ range: Range<Int>) {
    for page in range { pages[page] = nil }
    for object in promised.keys where !pages.values.contains(where: { $0.shows(object) }) {
      promised[object] = nil
      objects[object] = nil
    }
  }

  /// Changes all pages up to the first hole.
  mutating func protect(_ range: Range<Int>, _ protection: Protection) -> MapError? {
    for page in range {
      guard pages[page] != nil else { return .outOfMemory }
      pages[page]?.protection = protection
    }
    return nil
  }

  mutating func move(_ old: Range<Int>, to target: Range<Int>) {
    let moved = old.map { pages[$0] }
    let first = pages[old.lowerBound]
    for page in old { pages[page] = nil }
    for (index, page) in target.enumerated() {
      if index < moved.count {
        pages[page] = moved[index]
      } else {
        pages[page] = first?.following(index)
      }
    }
  }

  /// Moves what is there page by page; holes leave the target alone. A range that is kept stays mapped,
  /// without what was written to it.
  mutating func moveEach(_ old: Range<Int>, to start: Int, keeping: Bool) {
    let moved = old.map { pages[$0] }
    for page in old {
      if keeping { pages[page]?.content = nil } else { pages[page] = nil }
    }
    for (index, page) in moved.enumerated() where page != nil { pages[start + index] = page }
    unmap(0..<0)
  }

  /// The new end of the heap, in pages, or the old one when it is refused.
  mutating func setBreak(_ end: Int) -> Int {
    guard end >= heapStart else { return heapEnd }
    if end < heapEnd {
      guard isTaken(end, heapEnd - end) else { return heapEnd }
      unmap(end..<heapEnd)
      heapEnd = end
    } else if end > heapEnd {
      guard !isTaken(heapEnd, end - heapEnd + 1) else { return heapEnd }
      for page in heapEnd..<end { pages[page] = ModelPage(protection: [.read, .write]) }
      heapEnd = end
    }
    return heapEnd
  }

  /// The byte a read finds, or why it finds none. x86 lets read what may be written or executed.
  func read(_ page: Int, filePages: Int) -> Result<UInt8, FaultError> {
    guard let mapped = pages[page] else { return .failure(.notMapped) }
    guard !mapped.protection.isEmpty else { return .failure(.accessDenied) }
    if let content = mapped.content { return .success(content) }
    guard case .object(let object, let index) = mapped.backing else { return .success(0) }
    guard index < (promised[object] ?? filePages) else { return .failure(.beyondFile) }
    return .success(objects[object]?[index] ?? 0)
  }

  mutating func write(_ byte: UInt8, _ page: Int, filePages: Int) -> FaultError? {
    guard let mapped = pages[page] else { return .notMapped }
    guard mapped.protection.contains(.write) else { return .accessDenied }
    if case .object(let object, let index) = mapped.backing {
      if mapped.content == nil, index >= (promised[object] ?? filePages) { return .beyondFile }
      if mapped.isShared {
        objects[object, default: [:]][index] = byte
        return nil
      }
    }
    pages[page]?.content = byte
    return nil
  }
}

/// What a mapping shows.
enum MapSource: Equatable {
  case anonymous
  case sharedAnonymous
  case file(Int, offset: Int, isShared: Bool)

  var offset: Int { if case .file(_, let offset, _) = self { offset } else { 0 } }

  var isShared: Bool {
    switch self {
    case .anonymous: false
    case .sharedAnonymous: true
    case .file(_, _, let isShared): isShared
    }
  }
}

extension ModelPage {
  func shows(_ object: Int) -> Bool {
    if case .object(let shown, _) = backing { shown == object } else { false }
  }

  /// The untouched page `count` further on in the same mapping.
  func following(_ count: Int) -> ModelPage {
    var page = self
    page.content = nil
    if case .object(let object, let index) = backing {
      page.backing = .object(object, page: index + count)
    }
    return page
  }
}
