import ArgumentParser

/// `octavo compare`: every combination of machine options, one table.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Replay one recording on many machines, in one table. (not built yet)")

  @Argument(parsing: .captureForPassthrough, help: .hidden)
  var arguments: [String] = []

  func run() throws {
    throw Unavailable.later("compare", storey: "the what-if part of Simulation")
  }
}
