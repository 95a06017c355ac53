/// What one processor has counted in a zone and not yet told the others.
///
/// Under the zone's lock. Linux: `per_cpu_zonestat->vm_stat_diff`, `stat_threshold`.
struct CounterLag: Sendable {
  /// A sum is told when it is above this, or below its negative.
  var threshold = 0
  var free = Difference()
  var freeCMA = Difference()
  /// A power of two in all, so that no multiplication finds the lag of a processor.
  private var unused = 0

  struct Difference: Sendable {
    var sum = 0

    /// Adds `change`; what to tell now, if anything.
    @inline(__always)
    mutating func add(_ change: Int, _ threshold: Int) -> Int? {
      let sum = sum &+ change
      // One comparison: beyond either end of -threshold ... threshold.
      guard UInt(bitPattern: sum &+ threshold) > UInt(bitPattern: 2 &* threshold) else {
        self.sum = sum
        return nil
      }
      self.sum = 0
      return sum
    }

    mutating func take() -> Int {
      defer { sum = 0 }
      return sum
    }
  }
}
