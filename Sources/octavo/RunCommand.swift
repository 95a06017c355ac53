import ArgumentParser

/// `octavo run`: record, replay, check, report.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Record a program, replay it, check and report.")

  @OptionGroup var machine: MachineOptions
  @OptionGroup var json: JSONOption

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Keep the recording in REC.", valueName: "REC"),
    completion: .file(extensions: ["octavo"]))
  var output: String?

  @Flag(help: "Keep address-space randomisation on (off by default, so that runs compare).")
  var aslr = false

  @Flag(help: "Check the invariants of every structure after each event (slow).")
  var checkInvariants = false

  @Argument(
    parsing: .postTerminator,
    help: ArgumentHelp("The program and its arguments, after --.", valueName: "PROGRAM"))
  var command: [String]

  func run() throws {
    throw Unavailable.later("run", storey: "the recorder and the simulator")
  }
}
