import ArgumentParser
import Foundation
import Recordings
import Simulation

/// The statuses that scripts may rely on; usage errors exit 64 through the argument parser.
enum ExitStatus {
  /// `--check` found a difference.
  static let difference = ExitCode(1)
  /// An input file is not what it should be (`EX_DATAERR`).
  static let badInput = ExitCode(65)
  /// Something needed is not on this machine, or not built yet (`EX_UNAVAILABLE`).
  static let unavailable = ExitCode(69)
}

/// What a command needs and this machine, or this version, does not have.
struct Unavailable: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }

  /// A command of the design that a later storey brings.
  static func later(_ command: String, storey: String) -> Unavailable {
    Unavailable("\(command) is not built yet: it comes with \(storey)")
  }
}

extension Octavo {
  /// Ends the process with one line on standard error and the status that the error stands for.
  static func leave(with error: any Error) -> Never {
    switch error {
    case let error as BadInput: leave(saying: error.description, ExitStatus.badInput)
    case let error as Unavailable: leave(saying: error.description, ExitStatus.unavailable)
    case let error as RecordingError: leave(saying: error.description, ExitCode(error.exitStatus))
    case let error as RecordingWriteError:
      leave(saying: error.description, ExitStatus.unavailable)
    case let error as ShellError: leave(saying: error.description, ExitStatus.badInput)
    case let error as BadScript: leave(saying: error.description, ExitStatus.badInput)
    case let error as FuzzError: leave(saying: error.description, ExitStatus.unavailable)
    case let error as SimulationError:
      leave(saying: error.description, ExitStatus.unavailable)
    default: exit(withError: error)
    }
  }

  private static func leave(saying line: String, _ status: ExitCode) -> Never {
    StandardStreams.complain(line)
    exit(withError: status)
  }
}
