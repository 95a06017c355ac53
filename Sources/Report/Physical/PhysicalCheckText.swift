public import Simulation

/// A check of a page allocator's trace as text for people.
public struct PhysicalCheckText {
  let report: PhysicalCheckReport

  public init(_ report: PhysicalCheckReport) { self.report = report }

  /// The differences, one line for each snapshot, and one line of counts. Ends in a newline.
  public var text: String {
    differences + report.segments.map { line($0) + "\n" }.joined() + unsupported
  }

  /// Several checks, each under its folder's name, and one line of all counts at the end.
  public static func text(of reports: [PhysicalCheckReport]) -> String {
    var text = ""
    var sum = ReplayReport.Counts()
    for report in reports {
      text += "\(report.source): \(report.counts)\n" + PhysicalCheckText(report).text
      sum.add(report.counts)
    }
    return text + "\(sum)\n"
  }

  private var differences: String {
    var text = ""
    for difference in report.differences {
      let place = difference.line > 0 ? ":\(difference.line)" : ""
      text += """
        \(report.source)\(place): \(difference.what)
          recorded \(difference.recorded)
          replayed \(difference.replayed)

        """
    }
    let hidden = report.differenceCount - report.differences.count
    return hidden > 0 ? text + "and \(hidden) differences more\n" : text
  }

  private func line(_ segment: PhysicalCheckReport.Segment) -> String {
    var parts: [String] = []
    func add(_ matches: PhysicalCheckReport.Matches, _ name: String) {
      if matches.count > 0 { parts.append("\(matches.equal) of \(matches.count) \(name)") }
    }
    add(segment.allocations, "frames")
    add(segment.refills, "fillings")
    add(segment.drains, "drained blocks")
    add(segment.fallbacks, "fallbacks")
    if segment.frees > 0 { parts.append("\(segment.frees) frees") }
    if segment.pastLists > 0 { parts.append("\(segment.pastLists) of them past the lists") }
    if segment.resolved > 0 {
      parts.append("\(segment.resolved) interrupts placed by what followed")
    }
    add(segment.freeLists, "free lists (\(segment.freeBlocks) blocks)")
    add(segment.perCPULists, "per-CPU lists (\(segment.perCPUFrames) frames)")
    add(segment.eventCounters, "event counters")
    if segment.isTorn { parts.append("read while lists changed") }
    if segment.isCut { parts.append("cut where frames were moved unseen") }
    let name = segment.to.map { "\(segment.from) to \($0)" } ?? "after \(segment.from)"
    return "  \(name): \(parts.isEmpty ? "nothing" : parts.joined(separator: ", "))"
  }

  private var unsupported: String {
    guard !report.unsupported.isEmpty else { return "" }
    let parts = report.unsupported.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    return "  not foretold: \(parts.joined(separator: ", "))\n"
  }
}
