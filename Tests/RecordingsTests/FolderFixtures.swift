import Foundation
import MemoryTypes
import Testing

@testable import Recordings

/// The recorded truths that tests read.
enum Fixtures {
  /// Those in the repository.
  static let own = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures")

  /// All that are at hand: a larger set may stand beside the checkout or where
  /// `OCTAVO_FIXTURES` says.
  static let roots: [URL] = {
    let beside = own.deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "shared/fixtures")
    let named = ProcessInfo.processInfo.environment["OCTAVO_FIXTURES"].map { URL(filePath: $0) }
    return [own] + [named ?? beside].filter { exists($0) }
  }()

  static var oracleLogs: [String] {
    roots.flatMap { children($0.appending(path: "oracle")) }.flatMap(children)
      .map { $0.path(percentEncoded: false) }.filter { $0.hasSuffix(".log.gz") }
  }

  static var recordings: [String] {
    roots.flatMap { children($0.appending(path: "recordings")) }
      .filter { exists($0.appending(path: "maps.log.gz")) }
      .map { $0.path(percentEncoded: false) }
  }

  private static func exists(_ url: URL) -> Bool {
    FileManager.default.fileExists(atPath: url.path(percentEncoded: false))
  }

  private static func children(_ url: URL) -> [URL] {
    let names = try? FileManager.default.contentsOfDirectory(
      at: url, includingPropertiesForKeys: nil)
    return (names ?? []).sorted { $0.absoluteString < $1.absoluteString }
  }
}

/// Every event of a recording.
func events(of reader: some RecordingReader) throws(BadInput) -> [RecordedEvent] {
  var events: [RecordedEvent] = []
  while let event = try reader.next() { events.append(event) }
  return events
}

/// Facts of a recording folder that only tests compare with.
enum FolderFixture {
  private struct Truth: Decodable {
    var calls: [String: Int]

    enum CodingKeys: String, CodingKey {
      case calls = "mm_calls_strace"
    }
  }

  /// The text of a fixture of the repository, decompressed.
  static func bytes(_ path: String) throws -> [UInt8] {
    let path = Fixtures.own.appending(path: path).path(percentEncoded: false)
    return try ByteSource(path: path).readAll(limit: 16 << 20)
  }

  /// How often each memory call came in the strace run.
  static func memoryCalls(folder: String) throws -> [String: Int] {
    let truth = URL(filePath: folder).appending(path: "truth.json")
    return try JSONDecoder().decode(Truth.self, from: Data(contentsOf: truth)).calls
  }
}
