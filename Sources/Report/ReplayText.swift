internal import MemoryTypes
public import Simulation

/// A replay's report as text for people.
public struct ReplayText {
  let report: ReplayReport

  public init(_ report: ReplayReport) { self.report = report }

  /// The whole report. Ends in a newline.
  ///
  /// - Parameter width: Columns of the terminal; nil for no limit.
  public func text(width: Int? = nil) -> String {
    [heading, calls(width), checks, differences, notes, memory, buddy].joined()
  }

  /// What a check of several recordings prints: the differences, one line of counts for each where
  /// there is more than one, and one line of all counts at the end.
  public static func check(_ reports: [ReplayReport]) -> String {
    var text = ""
    var sum = ReplayReport.Counts()
    var residency = ReplayReport.Residency()
    for report in reports {
      text += ReplayText(report).differences
      if reports.count > 1 { text += "\(report.source): \(report.counts)\n" }
      sum.add(report.counts)
      residency.add(report.residency)
    }
    return text + line(residency) + "\(sum)\n"
  }

  /// What differs in residency, which is no difference of the check; empty where nothing tells of it.
  private static func line(_ residency: ReplayReport.Residency) -> String {
    guard residency.compared > 0 else { return "" }
    return "residency differs in \(residency.mincore) mincore, \(residency.pagemap) pagemap, "
      + "\(residency.faults) fault records\n"
  }

  private var heading: String {
    let machine = report.machine
    return """
      \(report.source) on \(machine.name): \(machine.architecture), \
      \(kB(machine.pageSize)) pages, \(kB(machine.ram)) of RAM, \
      Linux \(machine.kernel)
      \(report.processes.tasks) tasks, \(report.processes.executions) execve, \
      \(report.processes.forks) forks, \(report.records) events\n

      """
  }

  private func calls(_ width: Int?) -> String {
    var table = Table([
      Table.Column("call"), Table.Column("count", .right), Table.Column("failed", .right),
    ])
    let calls = report.calls.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
    for (name, count) in calls {
      table.addRow([name, "\(count.count)", "\(count.failed)"])
    }
    return table.text(width: width) + "\n"
  }

  private var checks: String {
    """
    compared   \(report.checked.results) results, \(report.checked.maps) maps, \
    \(report.checked.accesses) accesses: \(report.differenceCount) differences

    """ + Self.line(report.residency)
  }

  private var differences: String {
    var text = ""
    for difference in report.differences {
      text += """
        \(report.source):\(difference.position): \(difference.what)
          recorded \(difference.recorded)
          replayed \(difference.replayed)

        """
    }
    let hidden = report.differenceCount - report.differences.count
    return hidden > 0 ? text + "and \(hidden) differences more\n" : text
  }

  private var notes: String {
    var text = counted("not yet supported", report.unsupported)
    text += counted("adopted", report.adopted)
    for line in report.missing { text += "missing    \(line)\n" }
    return text
  }

  private func counted(_ title: String, _ counts: [String: Int]) -> String {
    guard !counts.isEmpty else { return "" }
    let parts = counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return "\(title): \(parts.joined(separator: ", "))\n"
  }

  private var memory: String {
    let memory = report.memory
    let tlb = report.tlb
    var table = Table([
      Table.Column("memory"), Table.Column("at the end", .right), Table.Column("peak", .right),
    ])
    let page = report.machine.pageSize
    table.addRow(["VMAs", "\(memory.vmas)", "\(memory.peakVMAs)"])
    table.addRow(["resident pages", "\(memory.residentPages)", "\(memory.peakResidentPages)"])
    table.addRow([
      "resident", kB(UInt64(memory.residentPages) * page),
      kB(UInt64(memory.peakResidentPages) * page),
    ])
    table.addRow([
      "page tables", kB(memory.pageTableBytes),
      kB(memory.peakPageTableBytes),
    ])
    table.addRow(["slabs", kB(memory.slabBytes)])
    return "\n" + table.text() + """
      faults     \(memory.minorFaults) minor, \(memory.majorFaults) major, \
      \(memory.signals) signals
      TLB        \(tlb.hits) hits, \(tlb.misses) misses, \(tlb.invalidations) invalidations, \
      \(tlb.shootdowns) shootdowns

      """ + translations + "\n"
  }

  /// The TLBs' work by size of the page.
  private var translations: String {
    guard !report.tlb.sizes.isEmpty else { return "" }
    let titles = ["L1 fetches", "L1 data", "L2", "walks", "refs/walk", "cycles"]
    var table = Table(
      [Table.Column("TLB hits by page")] + titles.map { Table.Column($0, .right) })
    for size in report.tlb.sizes {
      let hundredths = size.references * 100 / max(1, size.walks)
      table.addRow([
        size.bytes == 0 ? "(faults)" : Units.option(ByteCount(UInt(size.bytes))),
        "\(size.instructionHits)",
        "\(size.dataHits)", "\(size.secondLevelHits)", "\(size.walks)",
        "\(hundredths / 100).\(hundredths / 10 % 10)\(hundredths % 10)", "\(size.cycles)",
      ])
    }
    return table.text()
  }

  private func kB(_ bytes: UInt64) -> String { Units.kilobytes(ByteCount(UInt(bytes))) }

  private var buddy: String {
    """
    free blocks by order, before and after the replay (\(report.before.freePages) and \
    \(report.after.freePages) pages)
    \(report.before.buddyinfo)
    \(report.after.buddyinfo)

    """
  }
}
