public import Simulation

/// A replay of page requests as text for people.
public struct KmemText {
  let report: KmemReport

  public init(_ report: KmemReport) { self.report = report }

  /// The whole report. Ends in a newline.
  ///
  /// - Parameter width: Columns of the terminal; nil for no limit.
  public func text(width: Int? = nil) -> String {
    [heading, counts, blocks(width), unusable(width), atTheEnd, zones(width), speed].joined()
  }

  private var heading: String {
    """
    \(report.source) on \(report.machine): \(report.managedPages) pages of \
    \(report.pageSize >> 10) KiB
    \(report.events) events: \(report.requests.count) requests, \(report.frees) frees of their pages, \
    \(report.unknownFrees) frees of pages from before\(lost)

    """
  }

  private var lost: String { report.lost > 0 ? "; \(report.lost) events were lost" : "" }

  private var counts: String {
    var table = Table([
      Table.Column(""), Table.Column("replayed", .right), Table.Column("recorded", .right),
    ])
    table.addRow([
      "requests that failed", "\(report.requests.failed)",
      "\(report.requests.recordedFailed)",
    ])
    table.addRow(["fallbacks to other types", "\(report.fallbacks)", "\(report.recordedFallbacks)"])
    table.addRow(["blocks taken by processors", "\(report.takes)", "\(report.recordedTakes)"])
    table.addRow(["blocks given back", "\(report.drains)", "\(report.recordedDrains)"])
    var text = table.text()
    if report.unplacedPages > 0 {
      text += "\(report.unplacedPages) pages of before the trace found no place\n"
    }
    return text + "\n"
  }

  /// At most 16 rows, evenly spread over the time: the document has all.
  private var rows: [FragmentationSample] {
    guard let last = report.samples.last, report.samples.count > 16 else { return report.samples }
    var rows: [FragmentationSample] = []
    for step in UInt64(0)..<15 {
      let due = last.time / 15 * step
      if let next = report.samples.first(where: { $0.time >= due }), next != rows.last {
        rows.append(next)
      }
    }
    return rows.last == last ? rows : rows + [last]
  }

  private func table(
    _ title: String, _ width: Int?, _ cell: (FragmentationSample, Int) -> String
  ) -> String {
    let orders = report.samples.first?.blocks.indices ?? 0..<0
    var table = Table(
      [Table.Column("ms", .right), Table.Column("free", .right)]
        + orders.map { Table.Column("\($0)", .right) })
    for sample in rows {
      table.addRow(
        ["\(sample.time / 1_000_000)", "\(sample.freePages)"] + orders.map { cell(sample, $0) })
    }
    return "\(title)\n" + table.text(width: width) + "\n"
  }

  private func blocks(_ width: Int?) -> String {
    table("free pages, and free blocks by order", width) { "\($0.blocks[$1])" }
  }

  private func unusable(_ width: Int?) -> String {
    table("part of them that a request of an order cannot use", width) {
      Self.thousandths(Int64($0.unusable(order: $1)))
    }
  }

  private var atTheEnd: String {
    guard let last = report.samples.last else { return "" }
    let cells = last.blocks.indices.map { Self.thousandths(last.fragmentation(order: $0)) }
    return """
      external fragmentation at the end, by order (-1.000: there is a block; towards 0: memory is \
      lacking, towards 1: it is broken up)
        \(cells.joined(separator: "  "))


      """
  }

  private func zones(_ width: Int?) -> String {
    var table = Table(
      [Table.Column("free blocks at the end")]
        + (report.samples.first?.blocks.indices ?? 0..<0).map { Table.Column("\($0)", .right) })
    for zone in report.zones {
      let name = "node \(zone.node) \(zone.name)"
      table.addRow([name] + zone.blocks.map { "\($0)" })
      guard let recorded = zone.recorded else { continue }
      table.addRow([name + ", recorded"] + recorded.prefix(zone.blocks.count).map { "\($0)" })
      table.addRow(
        [name + ", difference"]
          + zip(zone.blocks, recorded).map { "\(Int64($0) - Int64(clamping: $1))" })
    }
    return table.text(width: width) + "\n"
  }

  private var speed: String {
    guard report.seconds > 0 else { return "" }
    let rate = Double(report.bytes) / report.seconds / 1e6
    return "read and replayed \(report.bytes) bytes at \(Int(rate)) MB/s\n"
  }

  /// As debugfs prints an index.
  private static func thousandths(_ value: Int64) -> String {
    let digits = "\(value.magnitude % 1000)"
    let padded = String(repeating: "0", count: 3 - digits.count) + digits
    return "\(value < 0 ? "-" : "")\(value.magnitude / 1000).\(padded)"
  }
}
