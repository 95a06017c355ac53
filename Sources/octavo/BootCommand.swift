import ArgumentParser

/// `octavo boot`: an unmodified program on the bare-metal kernel.
struct BootCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "boot",
    abstract: "Run a static arm64 or i386 program on the bare-metal kernel. (not built yet)")

  @Argument(parsing: .captureForPassthrough, help: .hidden)
  var arguments: [String] = []

  func run() throws {
    throw Unavailable.later("boot", storey: "the user programs of BareMetal")
  }
}
