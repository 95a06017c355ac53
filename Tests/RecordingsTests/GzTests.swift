internal import CZlib
import Testing

@testable import Recordings

/// One gzip member of `text`.
func gzipped(_ text: [UInt8]) -> [UInt8] {
  var stream = unsafe z_stream()
  var output = [UInt8](repeating: 0, count: text.count + text.count / 100 + 1024)
  var input = text
  let status = unsafe input.withUnsafeMutableBufferPointer { input in
    unsafe output.withUnsafeMutableBufferPointer { output in
      unsafe deflateInit2_(
        &stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size))
      unsafe stream.next_in = input.baseAddress
      unsafe stream.avail_in = UInt32(input.count)
      unsafe stream.next_out = output.baseAddress
      unsafe stream.avail_out = UInt32(output.count)
      defer { unsafe deflateEnd(&stream) }
      return unsafe deflate(&stream, Z_FINISH)
    }
  }
  precondition(status == Z_STREAM_END)
  return Array(unsafe output.prefix(Int(stream.total_out)))
}

@Suite("Compressed and plain sources")
struct GzTests {
  private func lines(of bytes: [UInt8]) throws -> [String] {
    let reader = LineReader(ByteSource(name: "file", bytes: bytes))
    var lines: [String] = []
    while let line = try reader.next() { lines.append(line.string(0..<line.end)) }
    return lines
  }

  private func failure(_ bytes: [UInt8]) -> String? {
    // Only the count is shown when nothing is thrown: the lines may be long.
    #expect(throws: BadInput.self) { _ = try lines(of: bytes).count }?.description
  }

  @Test("lines come with and without a newline at the end, empty ones too")
  func plainLines() throws {
    #expect(try lines(of: Array("a\n\nb c\n".utf8)) == ["a", "", "b c"])
    #expect(try lines(of: Array("a\nb".utf8)) == ["a", "b"])
    #expect(try lines(of: Array("\n".utf8)) == [""])
  }

  @Test("several members read as one text, zeros behind them are padding")
  func members() throws {
    let first = gzipped(Array("one\ntw".utf8))
    let second = gzipped(Array("o\nthree\n".utf8))
    #expect(try lines(of: first + second) == ["one", "two", "three"])
    #expect(try lines(of: first + [0, 0, 0]) == ["one", "tw"])
    #expect(try lines(of: first + [0, 0] + second) == ["one", "two", "three"])
    #expect(try lines(of: gzipped([]) + second) == ["o", "three"])
  }

  @Test("a member cut anywhere is a defect")
  func truncatedMember() {
    let whole = gzipped(
      Array(repeating: "some text to compress\n", count: 50).joined().utf8.map(\.self))
    for length in 2..<whole.count {
      let message = failure(Array(whole[..<length]))
      #expect(message?.hasPrefix("file: expected whole gzip members, found its end") == true)
    }
  }

  @Test("damage within a member and text behind it are defects")
  func damage() {
    var broken = gzipped(Array(repeating: UInt8(65), count: 5000))
    broken[broken.count - 6] ^= 0xff
    #expect(failure(broken)?.contains("found damaged data") == true)
    let trailing = gzipped(Array("a\n".utf8)) + Array("more\n".utf8)
    #expect(failure(trailing)?.contains("found damaged data") == true)
    #expect(failure([0x1f, 0x8b])?.contains("found its end in the middle") == true)
  }

  @Test("a text larger than every buffer comes through unchanged, plain and compressed")
  func largeText() throws {
    var text: [UInt8] = []
    for number in 0..<120_000 { text += Array("line \(number) of many\n".utf8) }
    for bytes in [text, gzipped(text)] {
      let reader = LineReader(ByteSource(name: "file", bytes: bytes))
      var number = 0
      while let line = try reader.next() {
        if number % 10_007 == 0 {
          #expect(line.string(0..<line.end) == "line \(number) of many")
        }
        number += 1
      }
      #expect(number == 120_000 && reader.lineNumber == number)
    }
  }

  @Test("a line may be as long as the limit and not a byte longer")
  func lineLimit() throws {
    let longest = [UInt8](repeating: 65, count: LineReader.longestLine)
    #expect(try lines(of: longest + [10, 66]).map(\.utf8.count) == [LineReader.longestLine, 1])
    let message = failure([66, 10] + longest + [65, 10])
    #expect(message == "file:2: expected a line of at most 1048576 bytes, found a longer one")
  }

  @Test("an empty file and a NUL byte are defects")
  func emptyAndNul() {
    #expect(failure([]) == "file: expected a recording, found an empty file")
    #expect(failure(gzipped([])) == "file: expected a recording, found an empty file")
    #expect(
      failure([65, 10, 66, 0, 67, 10])
        == "file:2: expected text, found a NUL byte in \"B\\x00C\"")
  }
}
