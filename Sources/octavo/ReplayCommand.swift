import ArgumentParser

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

  @Flag(help: "Compare every result and every map with the recording; exit 1 on a difference.")
  var check = false

  @Flag(help: "Check the invariants of every structure after each event (slow).")
  var checkInvariants = false

  func run() throws {
    throw Unavailable.later("replay", storey: "the simulator")
  }
}
