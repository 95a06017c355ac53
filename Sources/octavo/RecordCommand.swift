import ArgumentParser
import Recordings

/// `octavo record`: runs a program and writes what happens to its memory.
struct RecordCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record", abstract: "Run a program and record its memory life.",
    discussion: """
      The exit status is the program's, 128 and the signal's number if one killed it. With --from \
      no program runs: a recording in another form is rewritten in the compact one.
      """)

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The recording to write.", valueName: "REC"),
    completion: .file(extensions: ["octavo"]))
  var output: String

  @Option(
    help: ArgumentHelp("A strace text, oracle log or trace to rewrite.", valueName: "FILE"),
    completion: .file())
  var from: String?

  @OptionGroup var program: RecordingArguments

  func validate() throws {
    if (from == nil) == program.command.isEmpty {
      throw ValidationError("record takes a program after --, or --from FILE")
    }
  }

  func run() throws {
    if let from { return try rewrite(from) }
    let outcome = try program.record(to: output)
    throw ExitCode(outcome.shellStatus)
  }

  private func rewrite(_ file: String) throws {
    let bar = ProgressBar("rewriting")
    defer { bar.wipe() }
    let reader = try RecordingOpener.open(file)
    try CompactWriter(path: output).copy(reader) { bar.update($0) }
  }
}
