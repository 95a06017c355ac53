import ArgumentParser

/// `octavo explain`: the path of a byte, with the real numbers.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Show one call or access, step by step through every layer. (not built yet)")

  @Argument(parsing: .captureForPassthrough, help: .hidden)
  var arguments: [String] = []

  func run() throws {
    throw Unavailable.later("explain", storey: "the narrator in Simulation")
  }
}
