import ArgumentParser

/// `octavo record`: runs a program and writes what happens to its memory.
struct RecordCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record", abstract: "Run a program and record its memory life.")

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The recording to write.", valueName: "REC"),
    completion: .file(extensions: ["octavo"]))
  var output: String

  @Flag(help: "Keep address-space randomisation on (off by default, so that runs compare).")
  var aslr = false

  @Argument(
    parsing: .postTerminator,
    help: ArgumentHelp("The program and its arguments, after --.", valueName: "PROGRAM"))
  var command: [String]

  func run() throws {
    throw Unavailable.later("record", storey: "the recorder")
  }
}
