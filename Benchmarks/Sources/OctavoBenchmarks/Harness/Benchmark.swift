/// A question about speed and the way to answer it.
struct Benchmark {
  /// What `make bench BENCH=name` takes.
  var name: String
  /// What is compared, in one line.
  var question: String
  /// What must hold, for people; the harness judges nothing.
  var target: String
  /// Measures with so many runs or pairs of runs.
  var measure: (_ pairs: Int) throws -> Outcome
}

/// What a benchmark found.
enum Outcome {
  /// Ours against a rival that does the same work, `units` of it a run.
  case ratio(PairedRuns, rival: String, units: Double, of: Unit)
  /// Ours alone.
  case rate(seconds: [Double], units: Double, of: Unit)
  /// This machine lacks something.
  case skipped(because: String)
}

/// What a run consists of.
enum Unit: String {
  case operations = "op"
  case events = "event"
  case bytes = "B"
  case runs = "run"
}
