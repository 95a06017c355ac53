import ArgumentParser

/// `octavo heap`: a malloc log under each design.
struct HeapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "heap", abstract: "Run a malloc log under each malloc design. (not built yet)")

  @Argument(parsing: .captureForPassthrough, help: .hidden)
  var arguments: [String] = []

  func run() throws {
    throw Unavailable.later("heap", storey: "UserHeap")
  }
}
