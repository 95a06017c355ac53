import Foundation
import SystemPackage

/// Writing to people and pipes.
enum StandardStreams {
  /// Writes to standard output; a reader that left (`| head`) ends the text, not the command.
  static func write(_ text: String) {
    send(Array(text.utf8), to: .standardOutput)
  }

  static func write(_ data: Data) {
    send(Array(data), to: .standardOutput)
  }

  /// Writes one line, named for the program, to standard error.
  static func complain(_ line: String) {
    send(Array("octavo: \(line)\n".utf8), to: .standardError)
  }

  static func send(_ bytes: [UInt8], to stream: FileDescriptor) {
    // Only from here on: a recorded program must inherit the default action.
    signal(SIGPIPE, SIG_IGN)
    _ = try? stream.writeAll(bytes)
  }
}
