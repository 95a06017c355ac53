public import ArgumentParser
import Foundation
import Recordings
import Report
public import Simulation

/// `octavo fuzz`: the same random calls to Octavo and to the kernel it runs on.
struct FuzzCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz", abstract: "Compare random calls with the running kernel.",
    discussion: """
      A small process does random memory calls on the running kernel (Linux on x86-64, through \
      ptrace); Octavo does the same; results, maps, values and signals are compared. The first \
      difference is shrunk and printed as an oracle log, which octavo replay --check reads.

      Exit status: 0 equal, 1 a difference, 69 where the system does not allow it.
      """)

  @Option(help: ArgumentHelp("Repeat the run of this seed.", valueName: "N"))
  var seed: UInt64?

  @Option(help: ArgumentHelp("How many calls, accesses and questions.", valueName: "N"))
  var calls = 100_000

  @Option(help: "What the calls are about: basic, access, files, remap, advice, fork or all.")
  var profile = FuzzProfile.all

  @Option(help: ArgumentHelp("Go on until N differences are found.", valueName: "N"))
  var differences = 1

  @Flag(help: "Count pages in memory and numbers of faults as differences too.")
  var residency = false

  @OptionGroup var json: JSONOption

  func validate() throws {
    if calls < 1 { throw ValidationError("--calls takes at least 1, not \(calls)") }
    if differences < 1 {
      throw ValidationError("--differences takes at least 1, not \(differences)")
    }
  }

  func run() throws {
    let bar = ProgressBar("fuzzing")
    var run = FuzzRun(
      seed: seed ?? UInt64.random(in: 1...999_999_999), calls: calls, profile: profile)
    run.differenceLimit = differences
    run.comparesResidency = residency
    run.progress = { bar.update($0) }
    let report: FuzzReport
    do {
      defer { bar.wipe() }
      report = try run.run()
    }
    try json.write { try JSONReport.data(format: "octavo-fuzz", [report]) }
    show(report)
    if !report.differences.isEmpty { throw ExitStatus.difference }
  }

  /// A script has standard output for itself, so that it can be replayed.
  private func show(_ report: FuzzReport) {
    if json.replacesText { return }
    if report.differences.isEmpty { return StandardStreams.write(FuzzText.summary(of: report)) }
    for difference in report.differences {
      for line in FuzzText.lines(of: difference, report) { StandardStreams.complain(line) }
      StandardStreams.write(difference.script)
    }
  }
}

extension FuzzProfile: ExpressibleByArgument {}

/// What a person reads of a comparison.
enum FuzzText {
  static func summary(of report: FuzzReport) -> String {
    let rate = Int(Double(report.steps) / max(report.seconds, 0.001))
    var lines = [
      "kernel \(report.kernel), profile \(report.profile.rawValue), seed \(report.seed)",
      "\(report.steps) steps of \(report.subjects) subjects in "
        + String(format: "%.1f s (%d steps/s)", report.seconds, rate),
      "compared: \(report.checked.results) results, \(report.checked.maps) maps, "
        + "\(report.checked.accesses) accesses, "
        + "\(report.checked.flags) flags, \(report.checked.sizes) sizes: no difference",
    ]
    let pages = report.residency
    if pages.compared > 0 {
      lines.append(
        "apart from that differ: pages of mincore \(pages.mincore), of pagemap \(pages.pagemap), "
          + "faults \(pages.faults)")
    }
    if !report.unbuilt.isEmpty {
      let list = report.unbuilt.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      lines.append("left out, since Octavo does not know them yet: \(list.joined(separator: ", "))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  static func lines(of difference: FuzzReport.Difference, _ report: FuzzReport) -> [String] {
    [
      "fuzz --seed \(report.seed) --profile \(report.profile.rawValue): a difference in step "
        + "\(difference.step) of subject \(difference.subject) "
        + "(\(difference.profile.rawValue)), shrunk to \(difference.shrunkSteps) steps",
      "\(difference.what): the kernel says \(difference.kernel), Octavo \(difference.octavo)",
    ]
  }
}
