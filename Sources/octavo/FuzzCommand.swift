import ArgumentParser

/// `octavo fuzz`: the same random calls to Octavo and to the kernel it runs on.
struct FuzzCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz", abstract: "Compare random calls with the running kernel. (not built yet)")

  @Argument(parsing: .captureForPassthrough, help: .hidden)
  var arguments: [String] = []

  func run() throws {
    throw Unavailable.later("fuzz", storey: "the live comparison in Simulation")
  }
}
