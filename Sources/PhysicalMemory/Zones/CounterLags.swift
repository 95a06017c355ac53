internal import MemoryTypes

/// The lags of all processors in one zone; under the zone's lock.
@safe
struct CounterLags: @unchecked Sendable {
  private let base: UnsafeMutablePointer<CounterLag>
  let count: Int

  /// Fresh lags for `count` processors, 1 at least, in memory that stands as long as the zone.
  @unsafe
  init(_ base: UnsafeMutableRawPointer, count: Int) {
    unsafe self.base = base.bindMemory(to: CounterLag.self, capacity: count)
    self.count = count
    unsafe self.base.initialize(repeating: CounterLag(), count: count)
  }

  static func size(for count: Int) -> Int { count * MemoryLayout<CounterLag>.stride }

  /// The lag of `processor`.
  @inline(__always)
  subscript(processor: Int) -> Ref<CounterLag> {
    precondition(UInt(bitPattern: processor) < UInt(bitPattern: count), "no such processor")
    return unsafe Ref(base + processor)
  }

  /// The same for a number that was checked.
  @inline(__always)
  func lag(ofKnown processor: Int) -> Ref<CounterLag> {
    assert(processor < count, "no such processor")
    return unsafe Ref(base + processor)
  }

  /// What all processors together have not told.
  var sum: (free: Int, freeCMA: Int) {
    var free = 0
    var freeCMA = 0
    for processor in 0..<count {
      free += self[processor].pointee.free.sum
      freeCMA += self[processor].pointee.freeCMA.sum
    }
    return (free, freeCMA)
  }

  func setThreshold(_ threshold: Int) {
    for processor in 0..<count { self[processor].pointee.threshold = threshold }
  }
}
