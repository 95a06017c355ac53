/// One of two ways to do the same work.
struct Contender {
  var name: String
  /// Does the work once.
  var run: () throws -> Void
}

/// Seconds of two contenders, measured in pairs.
///
/// A machine's speed drifts with its heat and its neighbours. So the contenders take turns (A B, B A,
/// A B …), each pair gives one ratio, and the median of the ratios is the result: what slows both
/// cancels out.
struct PairedRuns {
  /// Seconds of each run; index by index they belong together.
  var ours: [Double] = []
  var rival: [Double] = []

  /// Runs each contender once to warm up and then `pairs` times.
  static func measure(
    pairs: Int, _ ours: Contender, against rival: Contender
  ) throws -> PairedRuns {
    var runs = PairedRuns()
    try ours.run()
    try rival.run()
    for pair in 0..<pairs {
      if pair.isMultiple(of: 2) { runs.ours.append(try seconds(of: ours)) }
      runs.rival.append(try seconds(of: rival))
      if !pair.isMultiple(of: 2) { runs.ours.append(try seconds(of: ours)) }
    }
    return runs
  }

  /// Ours divided by the rival's, pair by pair, in ascending order.
  var ratios: [Double] { zip(ours, rival).map { $0 / $1 }.sorted() }

  static func seconds(of contender: Contender) throws -> Double {
    let start = ContinuousClock.now
    try contender.run()
    return start.duration(to: .now) / .seconds(1)
  }
}

extension [Double] {
  /// The middle value, or the mean of the middle two; the array must not be empty.
  var median: Double {
    let sorted = sorted()
    let middle = count / 2
    return count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }
}
