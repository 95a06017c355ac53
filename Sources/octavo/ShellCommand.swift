import ArgumentParser
import Foundation
import Simulation

/// `octavo shell`: calls and questions, interactively, from a line or from a script.
struct ShellCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shell",
    abstract: "Make calls and look at the machine, interactively or from a script.",
    discussion: "In the shell, 'help' lists the commands.")

  @Option(name: .short, help: ArgumentHelp("Do these commands, then leave.", valueName: "COMMANDS"))
  var commands: String?

  @Argument(
    help: ArgumentHelp(
      "A script: a line of commands each; - for standard input.", valueName: "FILE"),
    completion: .file())
  var script: String?

  @OptionGroup var machine: MachineOptions

  func validate() throws {
    if commands != nil, script != nil { throw ValidationError("shell takes -c or a script") }
  }

  func run() throws {
    let session = try ShellSession(try machine.configuration())
    if let commands {
      if let text = try session.run(commands) { StandardStreams.write(text) }
      return
    }
    if let script, script != "-" { return try run(script, in: session) }
    try converse(with: session)
  }

  /// A script stops at its first bad line, which is named.
  private func run(_ path: String, in session: ShellSession) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw BadScript("\(path): expected a script, found no readable file")
    }
    let lines = String(decoding: data, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      do {
        guard let text = try session.run(String(line)) else { return }
        StandardStreams.write(text)
      } catch {
        throw BadScript("\(path):\(index + 1): \(error)")
      }
    }
  }

  /// Line by line; a bad line is told, and the next may be better. In a pipe it ends the shell.
  private func converse(with session: ShellSession) throws {
    let editor = LineEditor(prompt: "octavo> ", completions: ShellSession.completions)
    while let line = editor.readLine() {
      do {
        guard let text = try session.run(line) else { return }
        StandardStreams.write(text)
      } catch {
        if !editor.isInteractive { throw error }
        StandardStreams.complain(error.description)
      }
    }
  }
}

/// A script that cannot be done.
struct BadScript: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}
