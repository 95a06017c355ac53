internal import MemoryTypes
public import Simulation

/// Replays of access traces side by side: one column for each, one row for each figure.
public struct TraceText {
  private let reports: [ReplayReport]

  public init(_ reports: [ReplayReport]) { self.reports = reports }

  /// The table, and what was taken over. Ends in a newline.
  ///
  /// - Parameter width: Columns of the terminal; nil for no limit.
  public func text(width: Int? = nil) -> String {
    let titles = reports.map { kB($0.machine.pageSize) + " pages" }
    var table = Table(
      [Table.Column(heading)] + titles.map { Table.Column($0, .right) })
    for (name, figure) in Self.figures { table.addRow([name] + reports.map(figure)) }
    return table.text(width: width)
  }

  /// What all have in common; the sources one by one where they differ.
  private var heading: String {
    Set(reports.map(\.source)).count == 1 ? reports[0].machine.name : "replay"
  }

  private static var figures: [(String, (ReplayReport) -> String)] {
    [
      ("instructions", { "\($0.traced.instructions)" }),
      ("loads", { "\($0.traced.loads)" }),
      ("stores", { "\($0.traced.stores)" }),
      ("modifies", { "\($0.traced.modifies)" }),
      ("page faults", { "\($0.memory.minorFaults + $0.memory.majorFaults)" }),
      ("resident, peak", { kB(UInt64($0.memory.peakResidentPages) * $0.machine.pageSize) }),
      ("page tables, peak", { kB($0.memory.peakPageTableBytes) }),
      ("L1 TLB hits, instructions", { sum($0, \.instructionHits) }),
      ("L1 TLB hits, data", { sum($0, \.dataHits) }),
      ("L2 TLB hits", { sum($0, \.secondLevelHits) }),
      ("walks", { sum($0, \.walks) }),
      ("walks per 1000 accesses", { ratio(total($0, \.walks) * 1000, UInt64($0.traced.total)) }),
      ("table entries per walk", { ratio(total($0, \.references), total($0, \.walks)) }),
      ("cycles of translation", { sum($0, \.cycles) }),
      ("cycles per 1000 accesses", { ratio(total($0, \.cycles) * 1000, UInt64($0.traced.total)) }),
    ]
  }

  private static func sum(
    _ report: ReplayReport, _ figure: KeyPath<ReplayReport.TLBSize, UInt64>
  ) -> String {
    "\(total(report, figure))"
  }

  private static func total(
    _ report: ReplayReport, _ figure: KeyPath<ReplayReport.TLBSize, UInt64>
  ) -> UInt64 {
    report.tlb.sizes.reduce(0) { $0 + $1[keyPath: figure] }
  }

  /// With two digits behind the point.
  private static func ratio(_ count: UInt64, _ total: UInt64) -> String {
    let hundredths = total == 0 ? 0 : Int((Double(count) * 100 / Double(total)).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
  }

  private static func kB(_ bytes: UInt64) -> String { Units.kilobytes(ByteCount(UInt(bytes))) }
  private func kB(_ bytes: UInt64) -> String { Self.kB(bytes) }
}
