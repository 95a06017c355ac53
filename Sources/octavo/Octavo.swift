import ArgumentParser

/// The command line: one file per command, exit statuses in `ExitStatus`.
@main
struct Octavo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "octavo",
    abstract: "The memory management of Linux, whole, in Swift.",
    discussion: """
      Exit status: 0 done and equal, 1 a difference was found by --check or fuzz, 64 usage, \
      65 bad input, 69 something needed is not on this machine.
      """,
    subcommands: [
      RunCommand.self, RecordCommand.self, ReplayCommand.self, CompareCommand.self,
      HeapCommand.self, LayoutCommand.self, ExplainCommand.self, ShellCommand.self,
      BootCommand.self, FuzzCommand.self,
    ])

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      leave(with: error)
    }
  }
}
