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
      for (name, reader) in try RecordingOpener.openAll(file, format: format) {
        reports.append(
          try machine.replay(reader, source: name, checksInvariants: checkInvariants))
      }
    }
    try json.write { try JSONReport.data(format: "octavo-replay", reports) }
    if !json.replacesText { StandardStreams.write(text(of: reports)) }
    if check, reports.contains(where: { $0.differenceCount > 0 }) { throw ExitStatus.difference }
  }

  private func text(of reports: [ReplayReport]) -> String {
    if check { return ReplayText.check(reports) }
    return reports.map { ReplayText($0).text(width: Terminal.width) }.joined(separator: "\n")
  }
}

extension RecordingFormat: ExpressibleByArgument {}

extension MachineOptions {
  /// Replays one recording on the machine described; says so when the recording ends too early.
  func replay(
    _ reader: any RecordingReader, source: String, checksInvariants: Bool
  ) throws -> ReplayReport {
    var options = ReplayOptions()
    options.checksInvariants = checksInvariants
    let configuration = try configuration(for: reader.header)
    let report = try Replayer(reader, source: source, on: configuration, options: options).run()
    if let truncation = (reader as? CompactReader)?.truncation {
      StandardStreams.complain("the recording ends early: \(truncation)")
    }
    return report
  }
}
