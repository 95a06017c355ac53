import ArgumentParser

/// `octavo shell`: calls and questions, interactively or from a line.
struct ShellCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shell",
    abstract: "Make calls and look at the machine, interactively. (not built yet)")

  @Argument(parsing: .captureForPassthrough, help: .hidden)
  var arguments: [String] = []

  func run() throws {
    throw Unavailable.later("shell", storey: "the narrator in Simulation")
  }
}
