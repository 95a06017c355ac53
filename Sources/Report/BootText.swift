public import Simulation

/// What comparing a recorded boot found, as text for people: one line for each figure.
public struct BootText {
  let report: BootReport

  public init(_ report: BootReport) { self.report = report }

  /// All figures of all boots; the last line counts them. Ends in a newline.
  ///
  /// - Parameter width: Columns of the terminal; nil for no limit.
  public static func text(_ reports: [BootReport], width: Int? = nil) -> String {
    var text = ""
    var sum = ReplayReport.Counts()
    for report in reports {
      text += BootText(report).table(width: width)
      if reports.count > 1 { text += "\(report.source): \(report.counts)\n" }
      sum.add(report.counts)
    }
    return text + "\(sum)\n"
  }

  private func table(width: Int?) -> String {
    var table = Table([
      Table.Column(report.kernel), Table.Column("figure", mayShrink: true),
      Table.Column("kernel", .right), Table.Column("here", .right), Table.Column(""),
    ])
    for record in report.records {
      let verdict =
        switch record.verdict {
        case .equal: "equal"
        case .different: "DIFFERENT"
        case .unsupported: "not supported"
        }
      table.addRow([record.subject, record.figure, record.kernel, record.computed, verdict])
    }
    return table.text(width: width)
  }
}
