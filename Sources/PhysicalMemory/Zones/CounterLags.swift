internal import MemoryTypes

/// The lags of all processors in one zone; under the zone's lock.
@safe
struct CounterLags: @unchecked Sendable {
  private let base: UnsafeMutablePointer<CounterLag>
  let count: Int
  /// Whose lag the work is counted in.
  var processor = 0

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
  var current: Ref<CounterLag> { self[processor] }

  @inline(__always)
  subscript(processor: Int) -> Ref<CounterLag> {
    precondition(UInt(bitPattern: processor) < UInt(bitPattern: count), "no such processor")
    return unsafe Ref(base + processor)
  }

  func setThreshold(_ threshold: Int) {
    for processor in 0..<count { self[processor].pointee.threshold = threshold }
  }
}
