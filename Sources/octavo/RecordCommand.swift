import ArgumentParser
import Recordings

/// `octavo record`: runs a program and writes what happens to its memory.
struct RecordCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record", abstract: "Run a program and record its memory life.",
    discussion: "The exit status is the program's, 128 and the signal's number if one killed it.")

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The recording to write.", valueName: "REC"),
    completion: .file(extensions: ["octavo"]))
  var output: String

  @OptionGroup var program: RecordingArguments

  func run() throws {
    let outcome = try program.record(to: output)
    throw ExitCode(outcome.shellStatus)
  }
}
