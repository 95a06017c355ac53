public import Simulation

/// A replay of heap requests as text for people: one table, a column for each design.
public struct KmallocText {
  let report: KmallocReport

  public init(_ report: KmallocReport) { self.report = report }

  /// The whole report. Ends in a newline.
  ///
  /// - Parameter width: Columns of the terminal; nil for no limit.
  public func text(width: Int? = nil) -> String {
    var table = Table(
      [Table.Column("", mayShrink: true)]
        + report.designs.map { Table.Column($0.name, .right) })
    addMoment("at the peak", to: &table) { $0.peak }
    addMoment("at the end", to: &table) { $0.end }
    addSlabs(to: &table)
    return heading + table.text(width: width) + speed
  }

  private var heading: String {
    """
    \(report.source): \(report.events) events of a heap, replayed with \(report.processors) \
    processors and pages of \(report.pageSize >> 10) KiB
    \(report.kmallocs) requests by size, \(report.cacheRequests) of \(report.caches) caches; \
    \(report.frees) frees\(lost)
    \(report.unknownFrees) frees of objects from before, \(report.emptyFrees) of none; \
    \(report.silentFrees) objects were freed without an event


    """
  }

  private var lost: String { report.lost > 0 ? "; \(report.lost) events were lost" : "" }

  private func addMoment(
    _ name: String, to table: inout Table,
    _ moment: (KmallocReport.Design) -> KmallocReport.Moment
  ) {
    let moments = report.designs.map(moment)
    table.addRow(["memory \(name), KiB"] + moments.map { "\($0.memoryBytes >> 10)" })
    table.addRow(["  objects"] + moments.map { "\($0.objects)" })
    table.addRow(["  asked for, KiB"] + moments.map { "\($0.requestedBytes >> 10)" })
    table.addRow(["  their slots, KiB"] + moments.map { "\($0.slotBytes >> 10)" })
    addRow("reclaimable", moments.map(\.rows.reclaimable), to: &table)
    addRow("accounted", moments.map(\.rows.accounted), to: &table)
    addRow("DMA", moments.map(\.rows.dma), to: &table)
    table.addRow(["  slots in the trace, KiB"] + moments.map { "\($0.recordedBytes >> 10)" })
    table.addRow(
      ["  waste, of the memory"]
        + moments.map { Self.percent($0.requestedBytes, lackingTo: $0.memoryBytes) })
  }

  /// The slots of a row of kmalloc, where the trace asks for it.
  private func addRow(_ name: String, _ bytes: [UInt64], to table: inout Table) {
    guard bytes.contains(where: { $0 > 0 }) else { return }
    table.addRow(["    of kmalloc, \(name), KiB"] + bytes.map { "\($0 >> 10)" })
  }

  private func addSlabs(to table: inout Table) {
    let slabs = report.designs.map(\.slabs)
    table.addRow(["slabs at the end"] + slabs.map { "\($0.count)" })
    table.addRow(["  partial"] + slabs.map { "\($0.partial)" })
    table.addRow(["  without objects of the trace"] + slabs.map { "\($0.empty)" })
    table.addRow(
      ["  free part of the partial ones"]
        + slabs.map { Self.percent($0.partialBytes - $0.freeBytes, lackingTo: $0.partialBytes) })
    table.addRow(["blocks of one large object"] + slabs.map { "\($0.largeBlocks)" })
    table.addRow(["requests that failed"] + report.designs.map { "\($0.failed)" })
  }

  private var speed: String {
    guard report.seconds > 0 else { return "" }
    let rate = Double(report.bytes) / report.seconds / 1e6
    return "\nread and replayed \(report.bytes) bytes at \(Int(rate)) MB/s\n"
  }

  /// What `part` lacks to the whole, in percent with one digit.
  private static func percent(_ part: UInt64, lackingTo whole: UInt64) -> String {
    guard whole > 0 else { return "-" }
    let tenths = (whole - min(part, whole)) * 1000 / whole
    return "\(tenths / 10).\(tenths % 10) %"
  }
}
