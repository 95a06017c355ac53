internal import MemoryTypes

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The lines of a text, one at a time, in place: no copy, no String.
///
/// A line's bytes stand in the reader's one buffer and are good until the next line is asked for.
/// Memory is bounded by the longest line allowed, whatever the size of the text.
@safe final class LineReader {
  /// The longest line taken, in bytes without its newline.
  static let longestLine = 1 << 20

  /// Bytes read at a time: few enough to be parsed while they are in the second cache.
  private static let stride = 1 << 18

  /// The number of the current line, from 1; 0 before the first.
  private(set) var lineNumber = 0

  private let source: ByteSource
  private let buffer = UnsafeMutableRawBufferPointer.allocate(
    byteCount: longestLine + (1 << 19), alignment: 16)
  private var lineStart = 0
  private var lineEnd = 0
  private var nextStart = 0
  private var filled = 0
  private var isAtEnd = false
  private var isHeld = false
  /// A NUL byte was read; lines are searched for it from then on.
  private var mayHoldNul = false

  init(_ source: ByteSource) { self.source = source }

  deinit { unsafe buffer.deallocate() }

  var name: String { source.name }
  var progress: ReadingProgress { source.progress }

  /// The next line without its newline, or nil after the last. A newline always stands behind it,
  /// also where the text ends without.
  ///
  /// - Throws: `BadInput` for a line over the limit, for a NUL byte, for a text without a byte, and
  ///   whatever the source throws.
  func next() throws(BadInput) -> LineCursor? {
    if isHeld {
      isHeld = false
      return cursor
    }
    guard let end = try findLineEnd() else { return nil }
    guard end - nextStart <= Self.longestLine else { throw tooLong }
    (lineStart, lineEnd, nextStart) = (nextStart, end, min(end + 1, filled))
    lineNumber += 1
    let line = cursor
    // SAFETY: the line lies within the buffer.
    guard unsafe !mayHoldNul || memchr(line.base, 0, line.end) == nil else {
      throw BadInput(
        file: name, line: lineNumber, expected: "text", found: "a NUL byte in \(line.excerpt)")
    }
    return line
  }

  /// Takes lines as long as `take` does, at most `limit`, from those that are read already: the way of
  /// long texts, since no line is looked for and none is copied.
  ///
  /// - Parameter take: Gets a line's first byte, reads none behind its newline, and moves behind that;
  ///   or leaves the line, which `next` then gives, and returns false.
  @inline(__always)
  func takeLines(_ limit: Int, _ take: (inout UnsafePointer<UInt8>) -> Bool) {
    guard !isHeld, let last = unsafe buffer[nextStart..<filled].lastIndex(of: 10) else { return }
    // SAFETY: a newline ends the last of these lines, and `take` stops at each.
    let start = unsafe UnsafePointer(buffer.baseAddress!.assumingMemoryBound(to: UInt8.self))
    var place = unsafe start + nextStart
    let end = unsafe start + last
    var taken = 0
    while taken < limit, unsafe place <= end, unsafe take(&place) { taken += 1 }
    nextStart = unsafe place - start
    lineNumber += taken
  }

  /// Makes the next call of `next` give the current line once more.
  func putBack() { isHeld = true }

  /// The defect that something else stands at `cursor`, in the current line.
  func bad(_ expected: String, at cursor: LineCursor) -> BadInput {
    BadInput(file: name, line: lineNumber, expected: expected, found: cursor.excerpt)
  }

  private var cursor: LineCursor {
    unsafe LineCursor(
      base: buffer.baseAddress!.assumingMemoryBound(to: UInt8.self) + lineStart,
      count: lineEnd - lineStart)
  }

  /// Where the line that begins at `nextStart` ends; nil when there is none.
  private func findLineEnd() throws(BadInput) -> Int? {
    var searched = nextStart
    while true {
      // SAFETY: `searched ... filled` lies within the buffer.
      if searched < filled,
        let found = unsafe memchr(buffer.baseAddress! + searched, 10, filled - searched)
      {
        return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(buffer.baseAddress!)
      }
      searched = filled
      if isAtEnd { return nextStart < filled ? filled : nil }
      let length = filled - nextStart
      guard length <= Self.longestLine else { throw tooLong }
      searched -= nextStart
      try fill()
    }
  }

  /// Moves the begun line to the front of the buffer and reads on behind it.
  private func fill() throws(BadInput) {
    let length = filled - nextStart
    if nextStart > 0 {
      // SAFETY: both ranges lie within the buffer; memmove allows overlap.
      unsafe _ = memmove(buffer.baseAddress!, buffer.baseAddress! + nextStart, length)
    }
    (nextStart, filled) = (0, length)
    let room = unsafe length..<min(length + Self.stride, buffer.count - 1)
    let got = try unsafe source.read(
      into: UnsafeMutableRawBufferPointer(rebasing: buffer[room]))
    // SAFETY: so many bytes were just written there.
    mayHoldNul = unsafe mayHoldNul || memchr(buffer.baseAddress! + length, 0, got) != nil
    filled += got
    isAtEnd = got == 0
    if isAtEnd { unsafe buffer[filled] = 10 }
    if isAtEnd && source.count == 0 {
      throw BadInput(file: name, line: 0, expected: "a recording", found: "an empty file")
    }
  }

  private var tooLong: BadInput {
    BadInput(
      file: name, line: lineNumber + 1, expected: "a line of at most \(Self.longestLine) bytes",
      found: "a longer one")
  }
}
