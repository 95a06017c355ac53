import ArgumentParser
import Foundation
import Recordings
import Report
import Simulation

/// `octavo run`: record, replay, check, report.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Record a program, replay it, check and report.",
    discussion: """
      The exit status is the program's if that is not 0, else 1 if the replay differs from what \
      happened, else 0.
      """)

  @OptionGroup var machine: MachineOptions
  @OptionGroup var json: JSONOption

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Keep the recording in REC.", valueName: "REC"),
    completion: .file(extensions: ["octavo"]))
  var output: String?

  @Flag(help: "Check the invariants of every structure after each event (slow).")
  var checkInvariants = false

  @OptionGroup var program: RecordingArguments

  func validate() throws {
    if machine.pageSizes.count > 1 { throw ValidationError("run takes one --page-size") }
    if program.command.isEmpty { throw ValidationError("run takes a program after --") }
  }

  func run() throws {
    let recording = output ?? Self.temporaryPath
    defer { if output == nil { try? FileManager.default.removeItem(atPath: recording) } }
    let outcome = try program.record(to: recording)
    var (report, _) = try machine.replay(
      try CompactReader(path: recording), source: program.command.joined(separator: " "),
      checksInvariants: checkInvariants)
    report.missing += outcome.missing
    try json.write { try JSONReport.data(format: "octavo-replay", [report]) }
    if !json.replacesText {
      StandardStreams.write(ReplayText(report).text(width: Terminal.width))
    }
    if outcome.shellStatus != 0 { throw ExitCode(outcome.shellStatus) }
    if report.differenceCount > 0 { throw ExitStatus.difference }
  }

  private static var temporaryPath: String {
    let name = "octavo-\(ProcessInfo.processInfo.processIdentifier).octavo"
    return FileManager.default.temporaryDirectory.appending(path: name).path(
      percentEncoded: false)
  }
}
