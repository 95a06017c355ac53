internal import Foundation
internal import Recordings

/// What the texts of `/proc` tell of a task.
extension LiveTask {
  func faults() throws(FuzzError) -> (minor: UInt64, major: UInt64) {
    let text = try self.text("stat")
    // The name before the fields may hold blanks.
    guard let bracket = text.lastIndex(of: ")") else { throw .subjectLost("its stat is cut") }
    let fields = text[bracket...].split(separator: " ", maxSplits: 11)
    guard fields.count > 10, let minor = UInt64(fields[8]), let major = UInt64(fields[10]) else {
      throw .subjectLost("its stat has no fault counts")
    }
    return (minor, major)
  }

  /// The flags of the mapping that starts at `address`; nil where none starts.
  func vmFlags(_ address: UInt64) throws(FuzzError) -> OracleProbe? {
    let start = String(address, radix: 16) + "-"
    var isWanted = false
    for line in try text("smaps").split(separator: "\n") {
      if line.hasPrefix("VmFlags:") {
        guard isWanted else { continue }
        let flags = line.dropFirst(8).split(separator: " ").map(String.init)
        return .vmFlags(address: address, flags: flags)
      }
      if let first = line.first, first.isHexDigit, first.isLowercase || first.isNumber {
        isWanted = isWanted || line.drop { $0 == "0" }.hasPrefix(start)
      }
    }
    return nil
  }

  /// The sizes that logs hold, in kB.
  func status() throws(FuzzError) -> OracleProbe {
    var sizes: [String: UInt64] = [:]
    for line in try text("status").split(separator: "\n") {
      let words = line.split(whereSeparator: { $0 == ":" || $0 == " " || $0 == "\t" })
      guard words.count == 3, Self.statusNames.contains(String(words[0])) else { continue }
      sizes[String(words[0])] = UInt64(words[1])
    }
    return .status(sizes)
  }

  static let statusNames = ["VmSize", "VmLck", "VmData", "VmStk", "VmExe"]

  private func text(_ name: String) throws(FuzzError) -> String {
    guard let data = FileManager.default.contents(atPath: "/proc/\(id)/\(name)") else {
      throw .subjectLost("its \(name) cannot be read")
    }
    return String(decoding: data, as: UTF8.self)
  }
}
