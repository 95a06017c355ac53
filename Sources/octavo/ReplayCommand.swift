public import ArgumentParser
import Foundation
public import Recordings
import Report
import Simulation

/// `octavo replay`: replays recordings on the machine described.
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Replay recordings on a machine and report.")

  @Argument(
    help: ArgumentHelp(
      "Recordings: strace text, oracle logs, recording folders, compact files, each perhaps "
        + "compressed (.gz); - for standard input.", valueName: "FILE"),
    completion: .file())
  var files: [String]

  @OptionGroup var machine: MachineOptions
  @OptionGroup var json: JSONOption

  @Option(help: "The format: strace, oracle, folder or compact; else it is recognised.")
  var format: RecordingFormat?

  @Flag(help: "Compare every result and every map with the recording; exit 1 on a difference.")
  var check = false

  @Flag(help: "Check the invariants of every structure after each event (slow).")
  var checkInvariants = false

  func run() throws {
    var reports: [ReplayReport] = []
    for file in files {
      reports.append(
        try machine.replay(file, format: format, checksInvariants: checkInvariants))
    }
    try json.write { try JSONReport.data(format: "octavo-replay", reports) }
    if !json.replacesText { reports.forEach(show) }
    if check, reports.contains(where: { $0.differenceCount > 0 }) { throw ExitStatus.difference }
  }

  private func show(_ report: ReplayReport) {
    let text = ReplayText(report)
    StandardStreams.write(check ? text.check : text.text(width: Terminal.width))
  }
}

extension RecordingFormat: ExpressibleByArgument {}

extension MachineOptions {
  /// Replays one recording on the machine described; says so when the recording ends too early.
  func replay(
    _ file: String, format: RecordingFormat?, checksInvariants: Bool
  ) throws -> ReplayReport {
    let reader = try RecordingOpener.open(file, format: format)
    var options = ReplayOptions()
    options.checksInvariants = checksInvariants
    let configuration = try configuration(for: reader.header)
    let report = try Replayer(reader, source: file, on: configuration, options: options).run()
    if let truncation = (reader as? CompactReader)?.truncation {
      StandardStreams.complain("the recording ends early: \(truncation)")
    }
    return report
  }
}
