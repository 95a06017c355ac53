import Foundation

/// A benchmark's result in words, the same for the terminal and for Markdown.
struct ResultRow {
  var name: String
  var ours: String
  var rival: String
  /// Median of the pairs' ratios with the smallest and the largest.
  var ratio: String
  var target: String
  var question: String

  init(_ benchmark: Benchmark, _ outcome: Outcome) {
    name = benchmark.name
    target = benchmark.target
    question = benchmark.question
    switch outcome {
    case .ratio(let runs, let rivalName, let units, let unit):
      ours = Self.speed(runs.ours.median, units, unit)
      rival = "\(rivalName) \(Self.speed(runs.rival.median, units, unit))"
      let ratios = runs.ratios
      ratio = String(
        format: "%.2f (%.2f-%.2f)", ratios.median, ratios.first ?? 0, ratios.last ?? 0)
    case .rate(let seconds, let units, let unit):
      ours = Self.speed(seconds.median, units, unit)
      rival = ""
      ratio = ""
    case .skipped(let reason):
      ours = "skipped: \(reason)"
      rival = ""
      ratio = ""
    }
  }

  static let headings = ["benchmark", "ours", "rival", "ratio ours/rival", "target", "question"]

  var cells: [String] { [name, ours, rival, ratio, target, question] }

  private static func speed(_ seconds: Double, _ units: Double, _ unit: Unit) -> String {
    switch unit {
    case .operations: String(format: "%.1f ns/op", seconds / units * 1e9)
    case .events: String(format: "%.2f M events/s", units / seconds / 1e6)
    case .bytes: String(format: "%.0f MB/s", units / seconds / 1e6)
    case .runs: String(format: "%.3f s", seconds / units)
    }
  }
}
