import Foundation
import Report

/// The rows as a terminal table or as the block that Benchmarks/RESULTS.md takes.
enum ResultText {
  static func table(_ rows: [ResultRow]) -> String {
    var table = Table([
      .init("benchmark"), .init("ours", .right), .init("rival", .right),
      .init("ratio ours/rival", .right), .init("target"), .init("question", mayShrink: true),
    ])
    for row in rows { table.addRow(row.cells) }
    return table.text()
  }

  /// A heading with the day, the machine and the number of pairs, then the table.
  static func markdown(_ rows: [ResultRow], pairs: Int) -> String {
    let heading = "### \(day), \(machine), \(pairs) pairs\n\n"
    let lines = [ResultRow.headings, ResultRow.headings.map { _ in "---" }] + rows.map(\.cells)
    return heading + lines.map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
  }

  private static var day: String {
    Date.now.formatted(.iso8601.year().month().day())
  }

  /// Processor, number of cores and kernel, as far as `/proc` tells.
  private static var machine: String {
    let cpu = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
    let model = cpu?.split(separator: "\n").first { $0.hasPrefix("model name") }
    let name = model?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let kernel = try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)
    let release = kernel?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "unknown kernel"
    return "\(name ?? "unknown processor"), \(cores) cores, Linux \(release)"
  }
}
