#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A line and a place in it, read forward byte by byte.
///
/// A view of the buffer of a `LineReader`, good until that is asked for its next line; copying the
/// cursor marks a place to come back to. Every read is bounded by the line's end: there the next
/// byte is 0, which no line contains.
@safe struct LineCursor {
  let base: UnsafePointer<UInt8>
  /// Offset of the next byte from the start of the line.
  var position = 0
  /// Offset of the line's end.
  private(set) var end: Int

  @unsafe init(base: UnsafePointer<UInt8>, count: Int) {
    unsafe self.base = base
    end = count
  }

  /// A line of no bytes.
  static var empty: LineCursor {
    // SAFETY: no byte of it is ever read.
    unsafe LineCursor(base: UnsafePointer(bitPattern: 1)!, count: 0)
  }

  var isAtEnd: Bool { position >= end }

  /// The next byte, or 0 at the end.
  var peek: UInt8 {
    // SAFETY: within the line.
    @inline(__always) get { position < end ? unsafe base[position] : 0 }
  }

  /// The byte at `offset` of the line, or 0 outside.
  @inline(__always)
  func byte(at offset: Int) -> UInt8 {
    // SAFETY: within the line.
    offset >= 0 && offset < end ? unsafe base[offset] : 0
  }

  /// Steps over `text` if it is next.
  @inline(__always)
  mutating func skip(_ text: StaticString) -> Bool {
    guard matches(text, from: position) else { return false }
    position += text.utf8CodeUnitCount
    return true
  }

  /// Whether `text` stands at `offset`.
  @inline(__always)
  func matches(_ text: StaticString, from offset: Int) -> Bool {
    let count = text.utf8CodeUnitCount
    guard offset >= 0, count <= end - offset else { return false }
    // SAFETY: the line holds `count` bytes from `offset`, and so does the literal.
    let literal = unsafe text.utf8Start
    for index in 0..<count where unsafe base[offset + index] != literal[index] { return false }
    return true
  }

  mutating func skipSpaces() {
    while peek == 0x20 { position += 1 }
  }

  /// Steps over letters, digits and underscores; empty when none is next.
  mutating func word() -> Range<Int> {
    let start = position
    var offset = start
    while Self.isWord(byte(at: offset)) { offset += 1 }
    position = offset
    return start..<offset
  }

  /// Steps over everything before the next `byte`; nil, without a step, when there is none.
  mutating func text(before byte: UInt8) -> Range<Int>? {
    guard let offset = offset(of: byte, from: position) else { return nil }
    defer { position = offset }
    return position..<offset
  }

  /// The place of the first `byte` from `start` on and before `limit`, within the line.
  @inline(__always)
  func offset(of byte: UInt8, from start: Int, to limit: Int = .max) -> Int? {
    let limit = min(limit, end)
    guard start >= 0, start < limit,
      // SAFETY: both bounds lie within the line.
      let found = unsafe memchr(base + start, Int32(byte), limit - start)
    else { return nil }
    return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
  }

  /// The text of a range of the line; bytes that are not UTF-8 become U+FFFD.
  func string(_ range: Range<Int>) -> String {
    unsafe String(decoding: bytes(range), as: UTF8.self)
  }

  /// The bytes of a range of the line, cut to the line.
  func bytes(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
    let range = range.clamped(to: 0..<end)
    // SAFETY: clamped to the line.
    return unsafe UnsafeBufferPointer(start: base + range.lowerBound, count: range.count)
  }

  /// The rest of the line for a message: quoted, escaped, at most 60 bytes of it.
  var excerpt: String {
    guard position < end else { return "the end of the line" }
    let shown = position..<min(end, position + 60)
    var text = "\""
    for offset in shown {
      let byte = byte(at: offset)
      if byte >= 0x20 && byte < 0x7f {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
    }
    return text + (shown.upperBound < end ? "...\"" : "\"")
  }

  @inline(__always)
  static func isWord(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x5f
  }
}
