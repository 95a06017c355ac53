import Foundation
import TestSupport
import Testing

@testable import Recordings

@Suite("Hostile input")
struct HostileTests {
  /// A file that goes when the body is done.
  private func withFile(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "hostile-\(UUID()).log")
    try Data(bytes).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    try body(url.path(percentEncoded: false))
  }

  private func failure(_ path: String, _ format: RecordingFormat? = nil) -> String? {
    let error = #expect(throws: BadInput.self) {
      let reader = try RecordingOpener.open(path, format: format)
      while try reader.next() != nil {}
    }
    return error?.description
  }

  static let garbage: [[UInt8]] = [
    [], [0], [0x1f, 0x8b], Array(repeating: 0, count: 5000), Array(repeating: 0xff, count: 5000),
    Array((0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 197 &+ 31) }),
    Array("hello\n".utf8), Array("# mmoracle 2\n".utf8), Array("# mmoracle 1\n# page x\n".utf8),
    Array("\u{7f}ELF garbage".utf8),
    Array("# mmoracle 1\n# page 99999999999999999999\n1 brk(NULL) = 0\n".utf8),
  ]

  @Test("garbage gives one line under every format", arguments: garbage)
  func oneLine(bytes: [UInt8]) throws {
    try withFile(bytes) { path in
      for format in [nil, RecordingFormat.strace, .oracle] {
        let message = failure(path, format)
        #expect(message?.isEmpty == false && message?.contains("\n") == false)
        #expect(message?.hasPrefix(path) == true)
        #expect((message?.utf8.count ?? 0) < path.utf8.count + 400)
      }
    }
  }

  @Test("a line of 10 million characters gives one short line, in every format")
  func hugeLine() throws {
    let start = Array("5 mmap(NULL, ".utf8)
    try withFile(start + [UInt8](repeating: 65, count: 10_000_000)) { path in
      let message = "\(path):1: expected a line of at most 1048576 bytes, found a longer one"
      #expect(failure(path) == message)
      #expect(failure(path, .strace) == message)
      #expect(failure(path, .oracle) == message)
    }
    try withFile(gzipped([UInt8](repeating: 65, count: 10_000_000))) { path in
      #expect(failure(path)?.hasSuffix("found a longer one") == true)
    }
  }

  @Test(
    "a long line of nothing but escapes, results or brackets is read in one pass",
    arguments: ["\\\\\"", ") = 3<", "</a", "<", "\"\\", "{", "="])
  func repetitiveLine(piece: String) throws {
    let body = String(repeating: piece, count: 300_000 / piece.utf8.count)
    for start in ["5 openat(3, \"", "5 openat(3<", "5 fstat(", "5 clone(", "5 mmap(", "5 x(\""] {
      drain(StraceReader(name: "log", text: start + body))
    }
  }

  @Test("a result is found behind a path that holds what looks like one")
  func resultBehindPath() throws {
    let reader = StraceReader(
      name: "log",
      text: """
        5 openat(AT_FDCWD, "/tmp/a) = 9", O_RDONLY) = 3</tmp/a) = 9>
        5 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3</tmp/a) = 9>, 0) = 0x7ffff7fc0000
        """)
    while try reader.next() != nil {}
    #expect(reader.files.map(\.path) == ["/tmp/a) = 9"])
  }

  @Test("a file that is not there, a folder without texts and a folder taken for a text")
  func wrongPaths() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "hostile-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.path(percentEncoded: false)
    #expect(
      failure(path + "/none")
        == "\(path)/none: expected a file that can be read, found \"No such file or directory\"")
    #expect(failure(path)?.contains("expected a folder with maps.log or strace.log") == true)
    #expect(failure(path, .strace)?.contains("Is a directory") == true)
    #expect(failure(path + "/none", .folder)?.contains("expected") == true)
  }

  @Test("damaged facts of a folder give one line")
  func damagedFacts() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "hostile-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data("5 exec /x\n+1000-2000 r-xp 0 /x\n".utf8).write(to: folder.appending(path: "maps.log"))
    let path = folder.path(percentEncoded: false)
    for text in [
      "", "{", "[1]", "{\"/x\": {\"size\": -1}}", String(repeating: "[", count: 100_000),
    ] {
      try Data(text.utf8).write(to: folder.appending(path: "files.json"))
      #expect(failure(path)?.contains("files.json: expected") == true, "\(text.prefix(30))")
    }
  }

  @Test(
    "a maps log that contradicts itself or breaks off is told with its line",
    arguments: [
      ("x", "1: expected a process"), ("5 exec /x\n", "1: expected the maps after exec"),
      (
        "5 exec /x\n+1000-2000 r-xp 0 /x\n5 munmap(0x1000, 0x1000) = 0x0\n-3000-4000 r-xp 0\n",
        "4: expected '-' lines that are in the maps"
      ),
      ("5 exec /x\n+1000-2000 r-xp\n", "2: expected a line of maps"),
      ("5 mmap(0x0, 0x1000", "1: expected up to six hexadecimal arguments"),
      ("5 brk(0x0) =", "1: expected ' = RESULT'"),
      ("5 dance(0x0) = 0x0", "1: expected a memory call"),
      ("99999999999 exit 0x0", "1: expected a process"), ("5 fork x", "1: expected a process"),
    ])
  func mapsLogDefects(text: String, message: String) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "hostile-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(text.utf8).write(to: folder.appending(path: "maps.log"))
    let path = folder.path(percentEncoded: false)
    #expect(failure(path)?.contains("maps.log:" + message) == true, "\(failure(path) ?? "")")
  }

  @Test("texts with random damage give events and then perhaps a defect, never a crash")
  func randomDamage() throws {
    let strace = try FolderFixture.bytes("recordings/sqlite/strace.log.gz")
    let oracle = try FolderFixture.bytes("oracle/x86_64-6.18/fork-21.log.gz").prefix(20_000)
    let maps = try FolderFixture.bytes("recordings/ls/maps.log.gz")
    try withSeed { random in
      for _ in 0..<150 {
        let lines = LineReader(damaged(strace, &random))
        drain(StraceReader(lines, images: UnknownPrograms()))
        if let reader = try? OracleReader(LineReader(damaged(Array(oracle), &random))) {
          drain(reader)
        }
        let facts = try FolderFacts(folder: "/nonexistent")
        drain(try MapsLogReader(damaged(maps, &random), facts: facts))
      }
    }
  }

  private func drain(_ reader: some RecordingReader) {
    do {
      while try reader.next() != nil {}
    } catch {
      #expect(error.description.contains("\n") == false)
    }
  }

  private func damaged(_ text: [UInt8], _ random: inout some RandomNumberGenerator) -> ByteSource {
    var text = text
    for _ in 0..<Int.random(in: 1...8, using: &random) {
      let place = Int.random(in: 0..<text.count, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: text[place] = UInt8.random(in: 1...255, using: &random)
      case 1: text.remove(at: place)
      case 2: text.insert(contentsOf: text[..<min(place, 40)], at: place)
      default: text[place] = Array("<>(){}[]\"\\,=|-+0123x\n".utf8).randomElement(using: &random)!
      }
    }
    return ByteSource(name: "damaged", bytes: text)
  }
}
