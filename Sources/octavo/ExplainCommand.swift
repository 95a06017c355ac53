import ArgumentParser
import Simulation

/// `octavo explain`: calls and accesses with everything they check, find, change and count.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Show calls and accesses, step by step, with the real numbers.",
    discussion: """
      Each COMMAND is a call as strace prints it, 'mmap(NULL, 8K, PROT_READ, \
      MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)', or in words, 'mmap 8K rw', 'touch _', 'munmap _ 4K'; \
      'octavo shell -c help' lists them. They run in order, in one new process.
      """)

  @Argument(help: ArgumentHelp("Calls and accesses.", valueName: "COMMAND"))
  var commands: [String]

  @OptionGroup var machine: MachineOptions

  func run() throws {
    let session = try ShellSession(try machine.configuration())
    session.explains = true
    for command in commands {
      guard let text = try session.run(command) else { return }
      StandardStreams.write(text)
    }
  }
}
