import Foundation
import Testing

@testable import Recordings

#if canImport(Glibc)
  import Glibc
#endif

@Suite("Recognising a recording")
struct OpenerTests {
  /// Each kind with the fixture or the bytes that stand for it.
  static let kinds: [(source: RecordingHeader.Source, bytes: @Sendable () throws -> [UInt8])] = [
    (.strace, { Array("5 brk(NULL) = 0x1000\n".utf8) }),
    (.strace, { try FolderFixture.bytes("recordings/sqlite/strace.log.gz") }),
    (.oracle, { try FolderFixture.bytes("oracle/x86_64-6.18/basic-1.log.gz") }),
    (.compact, { try compactBytes() }),
  ]

  @Test("a file is recognised by its content, plain and compressed", arguments: 0..<4)
  func file(kind: Int) throws {
    let (source, bytes) = Self.kinds[kind]
    for bytes in [try bytes(), gzipped(try bytes())] {
      let path = freshPath(".recording")
      defer { try? FileManager.default.removeItem(atPath: path) }
      try Data(bytes).write(to: URL(filePath: path))
      let reader = try RecordingOpener.open(path)
      #expect(kindOf(reader) == source)
      #expect(try events(of: reader).isEmpty == false)
      #expect(reader.progress?.bytesRead == UInt64(bytes.count))
      #expect(reader.progress?.totalBytes == UInt64(bytes.count))
    }
  }

  @Test("a source gives the bytes that were looked at once more, whatever pieces they come in")
  func prefixIsKept() throws {
    let text = Array((0..<100_000).flatMap { Array("\($0)\n".utf8) })
    for bytes in [text, gzipped(text), gzipped(Array(text[..<3])) + gzipped(Array(text[3...]))] {
      let source = ByteSource(name: "source", bytes: bytes)
      #expect(try source.prefix(4) == text[..<4])
      #expect(try source.prefix(16) == text[..<16])
      #expect(try source.prefix(2) == text[..<2])
      #expect(source.count == 0)
      #expect(try source.readAll(limit: 1 << 20) == text)
      #expect(source.count == text.count)
    }
    #expect(try ByteSource(name: "source", bytes: [65]).prefix(6) == [65])
    #expect(try ByteSource(name: "source", bytes: []).prefix(6).isEmpty)
  }

  @Test("a pipe that brings one byte at a time is recognised too, and has no known size")
  func slowPipe() throws {
    let path = freshPath(".fifo")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try #require(unsafe mkfifo(path, 0o600) == 0)
    let bytes = try Self.compactBytes()
    let writer = Thread {
      guard let file = FileHandle(forWritingAtPath: path) else { return }
      for byte in bytes {
        try? file.write(contentsOf: [byte])
        usleep(20)
      }
      try? file.close()
    }
    writer.start()
    let reader = try RecordingOpener.open(path)
    #expect(kindOf(reader) == .compact)
    #expect(try events(of: reader).count == 1)
    #expect(reader.progress == ReadingProgress(bytesRead: UInt64(bytes.count), totalBytes: nil))
  }

  private func kindOf(_ reader: any RecordingReader) -> RecordingHeader.Source? {
    switch reader {
    case is CompactReader: .compact
    case is OracleReader: .oracle
    case is StraceReader: .strace
    default: nil
    }
  }

  /// A compact recording of one call.
  private static func compactBytes() throws -> [UInt8] {
    let path = freshPath()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let writer = try CompactWriter(path: path)
    try writer.begin(RecordingHeader(source: .strace))
    try writer.append(
      RecordedEvent(position: 1, time: 1, task: 1, .call(RecordedCall(.brk, .init(), result: 1))))
    try writer.finish()
    return Array(try Data(contentsOf: URL(filePath: path)))
  }
}
