import Foundation
import Testing

/// The built `octavo`, run as a person or a script would.
struct CommandLine {
  var status: Int32
  var output: String
  var errors: String

  /// Runs `octavo` with `arguments` and an empty standard input, and waits for its end.
  static func run(_ arguments: String...) throws -> CommandLine {
    try run(executable, arguments)
  }

  static func octavo(_ arguments: [String]) throws -> CommandLine {
    try run(executable, arguments)
  }

  /// Runs a shell line in which `$OCTAVO` is the binary.
  static func shell(_ line: String) throws -> CommandLine {
    try run(URL(filePath: "/bin/bash"), ["-c", line])
  }

  /// A folder of its own for a test's files; the test removes it.
  static func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "octavo-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  private static func run(_ program: URL, _ arguments: [String]) throws -> CommandLine {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["OCTAVO": executable.path(percentEncoded: false)]
    ) { $1 }
    process.standardInput = FileHandle.nullDevice
    // Files, not pipes: a long output must not block a child that nobody reads yet.
    process.standardOutput = try handle(folder.appending(path: "output"))
    process.standardError = try handle(folder.appending(path: "errors"))
    try process.run()
    process.waitUntilExit()
    return CommandLine(
      status: process.terminationStatus, output: try text(folder.appending(path: "output")),
      errors: try text(folder.appending(path: "errors")))
  }

  private static func handle(_ file: URL) throws -> FileHandle {
    _ = FileManager.default.createFile(atPath: file.path(percentEncoded: false), contents: nil)
    return try FileHandle(forWritingTo: file)
  }

  private static func text(_ file: URL) throws -> String {
    String(decoding: try Data(contentsOf: file), as: UTF8.self)
  }

  /// SwiftPM puts the binary beside the test bundle.
  private static var executable: URL {
    let tests = URL(filePath: ProcessInfo.processInfo.arguments[0]).resolvingSymlinksInPath()
    return tests.deletingLastPathComponent().appending(path: "octavo")
  }
}
