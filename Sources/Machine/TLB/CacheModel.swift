internal import MemoryTypes

/// The size of one data cache and what a hit in it costs.
@frozen
public struct CacheGeometry: Hashable, Sendable {
  /// The number of sets, a power of two; 0 for a cache that is not there.
  public var sets: Int
  public var ways: Int
  /// Cycles from the request to the data.
  public var latency: UInt16

  public init(sets: Int, ways: Int, latency: UInt16) {
    self.sets = sets
    self.ways = ways
    self.latency = latency
  }

  public static var absent: CacheGeometry { CacheGeometry(sets: 0, ways: 0, latency: 0) }

  var lineCount: Int { sets * ways }
}

/// The memory that table walks read through.
@frozen
public struct MemoryTimings: Hashable, Sendable {
  public var first: CacheGeometry
  public var second: CacheGeometry
  /// This processor's share, where several use one cache.
  public var last: CacheGeometry
  /// Cycles of a reference that no cache answers.
  public var memory: UInt16
  /// log2 of the bytes of a line.
  public var lineShift: UInt8

  public init(
    first: CacheGeometry, second: CacheGeometry, last: CacheGeometry, memory: UInt16,
    lineShift: UInt8 = 6
  ) {
    self.first = first
    self.second = second
    self.last = last
    self.memory = memory
    self.lineShift = lineShift
  }

  /// Nothing costs anything.
  public static var free: MemoryTimings {
    MemoryTimings(first: .absent, second: .absent, last: .absent, memory: 0)
  }

  var lineCount: Int { first.lineCount + second.lineCount + last.lineCount }
}

/// Which lines of page tables a processor's data caches hold: what one reference of a walk costs.
///
/// The program's own data does not compete for the lines, so walks look cheaper than beside a
/// program that fills its caches. Lines of a set stand in the order of their last use; a line that
/// is read enters all levels.
@safe @frozen
public struct CacheModel: ~Copyable {
  /// Line numbers plus 1; 0 is free.
  private let lines: UnsafeMutablePointer<UInt64>
  private let timings: MemoryTimings

  static func storageSize(for timings: MemoryTimings) -> Int {
    (timings.lineCount * MemoryLayout<UInt64>.stride + 15) & ~15
  }

  @unsafe
  init(_ timings: MemoryTimings, storage: UnsafeMutableRawPointer) {
    unsafe lines = storage.initializeMemory(
      as: UInt64.self, repeating: 0, count: timings.lineCount)
    self.timings = timings
  }

  /// The cycles that reading at `address` takes; the line is in all levels afterwards.
  func read(_ address: PhysicalAddress) -> UInt64 {
    let line = address.rawValue >> UInt64(timings.lineShift)
    var base = 0
    if touch(line, timings.first, base) { return UInt64(timings.first.latency) }
    base += timings.first.lineCount
    if touch(line, timings.second, base) { return UInt64(timings.second.latency) }
    base += timings.second.lineCount
    if touch(line, timings.last, base) { return UInt64(timings.last.latency) }
    return UInt64(timings.memory)
  }

  /// Moves the line to the front of its set; whether it was there already.
  private func touch(_ line: UInt64, _ cache: CacheGeometry, _ base: Int) -> Bool {
    guard cache.sets > 0 else { return false }
    let set = Int(truncatingIfNeeded: line & UInt64(cache.sets &- 1))
    let first = unsafe lines + (base &+ set &* cache.ways)
    var carried = line &+ 1
    for way in 0..<cache.ways {
      let old = unsafe first[way]
      unsafe first[way] = carried
      if old == line &+ 1 { return true }
      carried = old
    }
    return false
  }
}
