public import ArgumentParser
import Foundation
import MemoryTypes
public import Recordings
import Report
import Simulation

/// `octavo replay`: replays recordings on the machine described.
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Replay recordings on a machine and report.")

  @Argument(
    help: ArgumentHelp(
      "Recordings: strace text, oracle logs, recording folders, access traces of lackey, compact "
        + "files, each perhaps compressed (.gz); - for standard input.", valueName: "FILE"),
    completion: .file())
  var files: [String]

  @OptionGroup var machine: MachineOptions
  @OptionGroup var json: JSONOption
  @OptionGroup(title: "Traces of kmem events") var kmem: KmemOptions

  @Option(help: "The format: strace, oracle, folder, lackey or compact; else it is recognised.")
  var format: RecordingFormat?

  @Flag(help: "Compare every result and every map with the recording; exit 1 on a difference.")
  var check = false

  @Flag(help: "Check the invariants of every structure after each event (slow).")
  var checkInvariants = false

  func validate() throws {
    if machine.pageSizes.count > 1, files.contains("-") {
      throw ValidationError("standard input can be replayed with one page size only")
    }
  }

  func run() throws {
    if try replaysBoots() { return }
    if try replaysAllocators() { return }
    var reports: [ReplayReport] = []
    var areWhole = true
    for file in files {
      for pageSize in machine.pageSizes.isEmpty ? [nil] : machine.pageSizes.map(Optional.some) {
        for (name, reader) in try RecordingOpener.openAll(file, format: format) {
          let (report, isWhole) = try machine.replay(
            reader, source: name, pageSize: pageSize, checksInvariants: checkInvariants)
          reports.append(report)
          areWhole = areWhole && isWhole
        }
      }
    }
    try json.write { try JSONReport.data(format: "octavo-replay", reports) }
    if !json.replacesText { StandardStreams.write(text(of: reports)) }
    if !areWhole { throw ExitStatus.badInput }
    if check, reports.contains(where: { $0.differenceCount > 0 }) { throw ExitStatus.difference }
  }

  private func text(of reports: [ReplayReport]) -> String {
    if check { return ReplayText.check(reports) }
    if reports.count > 1, reports.allSatisfy({ $0.traced.total > 0 }) {
      return TraceText(reports).text(width: Terminal.width)
    }
    return reports.map { ReplayText($0).text(width: Terminal.width) }.joined(separator: "\n")
  }
}

extension RecordingFormat: ExpressibleByArgument {}

extension MachineOptions {
  /// Replays one recording on the machine described.
  ///
  /// A recording that was cut is replayed as far as it goes; the report's `missing` and a line on
  /// standard error say so.
  func replay(
    _ reader: any RecordingReader, source: String, pageSize: PageSize? = nil,
    checksInvariants: Bool
  ) throws -> (report: ReplayReport, isWhole: Bool) {
    var options = ReplayOptions()
    options.checksInvariants = checksInvariants
    var report = try replay(reader, of: source, pageSize, options)
    guard let truncation = (reader as? CompactReader)?.truncation else { return (report, true) }
    let line = "the recording ends early: \(truncation)"
    StandardStreams.complain(line)
    report.missing.append(line)
    return (report, false)
  }

  private func replay(
    _ reader: any RecordingReader, of file: String, _ pageSize: PageSize?,
    _ options: ReplayOptions
  ) throws -> ReplayReport {
    let configuration = try configuration(for: reader.header, pageSize: pageSize)
    let bar = ProgressBar("replaying")
    defer { bar.wipe() }
    var options = options
    options.progress = { bar.update($0) }
    return try Replayer(reader, source: file, on: configuration, options: options).run()
  }
}
