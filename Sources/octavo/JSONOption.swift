import ArgumentParser
import Foundation
import Recordings

/// `--json [F]`: the same results as a document with a documented schema.
struct JSONOption: ParsableArguments {
  @Option(
    name: .customLong("json"), defaultAsFlag: "-",
    help: ArgumentHelp(
      "Write the results as JSON to F (a .json file; - for standard output, the default), "
        + "instead of the text if that is standard output.", valueName: "F"),
    completion: .file(extensions: ["json"]))
  var file: String?

  /// Guards the file that follows `--json` on the line by mistake: a recording is not overwritten.
  func validate() throws {
    guard let file, file != "-", !file.hasSuffix(".json"), !file.hasPrefix("/dev/") else { return }
    throw ValidationError("--json writes to a file whose name ends in .json, not to '\(file)'")
  }

  /// Whether standard output belongs to the document.
  var replacesText: Bool { file == "-" }

  /// Writes the document if one was asked for.
  func write(_ document: () throws -> Data) throws {
    if let file { try OutputFile.write(document(), to: file) }
  }
}
