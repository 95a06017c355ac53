import Foundation

/// Files of the checkout.
enum Fixture {
  static var basicLog: String { path("oracle/x86_64-6.18/basic-1.log.gz") }
  /// The same of the other architectures.
  static var otherBasicLogs: [String] {
    ["arm64-4k-6.1", "arm64-16k-6.12", "arm64-64k-6.12", "i686-6.18"].map {
      path("oracle/\($0)/basic-1.log.gz")
    }
  }
  static var straceText: String { path("recordings/sqlite/strace.log.gz") }

  /// A file of `Tests/Fixtures`.
  static func path(_ name: String) -> String { checkout("Tests/Fixtures/\(name)") }

  /// A file by its path from the package's folder.
  static func checkout(_ path: String) -> String {
    (0..<3).reduce(URL(filePath: #filePath)) { folder, _ in folder.deletingLastPathComponent() }
      .appending(path: path).path(percentEncoded: false)
  }
}

/// Gives `body` the path of a folder that is gone afterwards.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = try CommandLine.temporaryFolder()
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path(percentEncoded: false))
}
