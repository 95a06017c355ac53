import Foundation

/// The checkout that the benchmarks were built from, and programs run out of it.
enum Checkout {
  /// The folder of the main package.
  static var root: URL {
    // …/Benchmarks/Sources/OctavoBenchmarks/Harness/Checkout.swift
    (0..<5).reduce(URL(filePath: #filePath)) { folder, _ in folder.deletingLastPathComponent() }
  }

  /// The optimised command line, as `make build` leaves it.
  static var octavo: String { path(".build/release/octavo") }

  /// A program of `Benchmarks/Programs`.
  static func program(_ name: String) -> String { path("Benchmarks/Programs/\(name)") }

  /// Runs a command with its output thrown away and gives its exit status.
  static func run(_ command: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: command[0])
    process.arguments = Array(command.dropFirst())
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// What a command writes to standard output.
  static func output(of command: [String]) throws -> Data {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: command[0])
    process.arguments = Array(command.dropFirst())
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return data
  }

  /// A file of the checkout.
  static func path(_ relative: String) -> String {
    root.appending(path: relative).path(percentEncoded: false)
  }
}
