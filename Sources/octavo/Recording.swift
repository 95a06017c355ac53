import ArgumentParser
import Recordings

/// The program that `record` and `run` start, and how.
struct RecordingArguments: ParsableArguments {
  @Flag(help: "Keep address-space randomisation on (off by default, so that runs compare).")
  var aslr = false

  @Argument(
    parsing: .postTerminator,
    help: ArgumentHelp("The program and its arguments, after --.", valueName: "PROGRAM"))
  var command: [String] = []

  /// Runs the program to its end and writes the recording to `path`; tells what is missing in it.
  ///
  /// - Throws: `RecordingError`, `RecordingWriteError`; nothing stands at `path` then.
  func record(to path: String) throws -> RecordingOutcome {
    var options = RecordingOptions()
    options.keepsRandomLayout = aslr
    let outcome = try Recorder.record(
      program: command[0], arguments: Array(command.dropFirst()), options: options,
      to: try CompactWriter(path: path))
    for line in outcome.missing { StandardStreams.complain(line) }
    if outcome.lostFaults > 0 {
      StandardStreams.complain("\(outcome.lostFaults) page faults were lost: the buffers were full")
    }
    return outcome
  }
}
