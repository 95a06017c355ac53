#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Takes accesses from lackey's text, byte by byte and in place: the inner loop of reading a trace.
@safe final class LackeyScanner {
  /// The number of the line taken last, from 1; 0 before the first.
  private(set) var lineNumber = 0

  private let source: ByteSource
  /// One byte more than the longest line, for a newline that the last one lacks.
  private static let capacity = LineReader.longestLine + 1
  private let buffer = UnsafeMutableRawBufferPointer.allocate(
    byteCount: capacity, alignment: 16)
  private var position = 0
  private var filled = 0
  /// The end of the last whole line in the buffer.
  private var wholeEnd = 0

  init(_ source: ByteSource) { self.source = source }

  var progress: ReadingProgress { source.progress }

  deinit { unsafe buffer.deallocate() }

  /// Appends accesses up to the next comment, the end, or a full batch.
  ///
  /// - Returns: The comment line, once no access stands before it; nil else. Nil with no access is
  ///   the end.
  /// - Throws: `BadInput` at the first line that is neither.
  func next(into accesses: inout [TracedAccess]) throws(BadInput) -> LineCursor? {
    accesses.reserveCapacity(TracedAccess.batchLimit)
    while accesses.count < TracedAccess.batchLimit {
      guard position < wholeEnd else {
        if try fill() { continue }
        return nil
      }
      if unsafe buffer[position] == 0x3d {
        return accesses.isEmpty ? takeLine() : nil
      }
      try takeAccesses(into: &accesses)
    }
    return nil
  }

  /// The defect that something else stands at `cursor`, in the line taken last.
  func bad(_ expected: String, at cursor: LineCursor) -> BadInput {
    BadInput(file: source.name, line: lineNumber, expected: expected, found: cursor.excerpt)
  }

  /// Appends until something else than an access stands next or the batch is full.
  private func takeAccesses(into accesses: inout [TracedAccess]) throws(BadInput) {
    let room = TracedAccess.batchLimit - accesses.count
    // SAFETY: whole lines end in a newline, which no run of digits crosses, so that reading stops
    // at `wholeEnd` at the latest.
    let start = unsafe UnsafePointer(buffer.baseAddress!.assumingMemoryBound(to: UInt8.self))
    var next = unsafe start + position
    let end = unsafe start + wholeEnd
    var taken = 0
    while taken < room, unsafe next < end {
      guard let access = unsafe LackeyLine.access(&next) else { break }
      accesses.append(access)
      taken += 1
    }
    position = unsafe next - start
    lineNumber += taken
    if taken == 0 {
      let line = takeLine()
      throw bad("I, L, S or M, an address and a size", at: line)
    }
  }

  /// The line at the place, without its newline, good until more is read.
  private func takeLine() -> LineCursor {
    // SAFETY: a whole line stands at the place.
    let start = unsafe buffer.baseAddress! + position
    let newline = unsafe memchr(start, 10, wholeEnd - position)
    let length = unsafe newline.map { unsafe UnsafeRawPointer($0) - UnsafeRawPointer(start) }
    let count = length ?? wholeEnd - position
    position += count + 1
    lineNumber += 1
    return unsafe LineCursor(base: start.assumingMemoryBound(to: UInt8.self), count: count)
  }

  /// Moves the begun line to the front and reads on behind it; false at the end.
  private func fill() throws(BadInput) -> Bool {
    let begun = filled - position
    if position > 0, begun > 0 {
      // SAFETY: both ranges lie within the buffer; memmove allows overlap.
      unsafe _ = memmove(buffer.baseAddress!, buffer.baseAddress! + position, begun)
    }
    (position, filled, wholeEnd) = (0, begun, 0)
    let got = try unsafe source.read(
      into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<Self.capacity - 1]))
    if got == 0 {
      guard source.count > 0 else {
        throw BadInput(
          file: source.name, line: 0, expected: "a recording", found: "an empty file")
      }
      guard filled > 0 else { return false }
      // The last line lacks its newline.
      unsafe buffer[filled] = 10
      filled += 1
    }
    filled += got
    return try findWholeLines(from: filled - max(got, 1))
  }

  private func findWholeLines(from searched: Int) throws(BadInput) -> Bool {
    // SAFETY: the searched bytes lie within the buffer.
    let last = unsafe buffer[searched..<filled].lastIndex(of: 10)
    wholeEnd = last.map { $0 + 1 } ?? 0
    guard wholeEnd > 0 || filled < Self.capacity - 1 else {
      throw BadInput(
        file: source.name, line: lineNumber + 1,
        expected: "a line of at most \(LineReader.longestLine) bytes", found: "a longer one")
    }
    return true
  }
}

/// One line of lackey's text.
enum LackeyLine {
  /// The access at `next`, which is moved behind its newline; nil, with `next` where it was, when
  /// the line is none. Reads no byte behind the first newline.
  @inline(__always)
  static func access(_ next: inout UnsafePointer<UInt8>) -> TracedAccess? {
    var place = unsafe next
    guard let kind = unsafe kind(place) else { return nil }
    unsafe place += 3
    var address: UInt64 = 0
    var digits = 0
    while true {
      let digit = unsafe hexadecimal(place.pointee)
      guard digit < 16 else { break }
      address = address &<< 4 | UInt64(digit)
      digits &+= 1
      unsafe place += 1
    }
    guard digits > 0, digits <= 16, unsafe place.pointee == 0x2c else { return nil }
    unsafe place += 1
    var size: UInt32 = 0
    while true {
      let digit = unsafe place.pointee &- 0x30
      guard digit < 10, size < 1 << 16 else { break }
      size = size &* 10 &+ UInt32(digit)
      unsafe place += 1
    }
    guard size > 0, size < 1 << 16, unsafe place.pointee == 10 else { return nil }
    unsafe next = unsafe place + 1
    return TracedAccess(kind, at: address, size: UInt16(truncatingIfNeeded: size))
  }

  /// `I  `, ` L `, ` S ` or ` M `.
  @inline(__always)
  private static func kind(_ place: UnsafePointer<UInt8>) -> TracedAccess.Kind? {
    if unsafe place[0] == 0x49 {
      return unsafe place[1] == 0x20 && place[2] == 0x20 ? .instruction : nil
    }
    guard unsafe place[0] == 0x20, unsafe place[1] != 10, unsafe place[2] == 0x20 else {
      return nil
    }
    switch unsafe place[1] {
    case 0x4c: return .load
    case 0x53: return .store
    case 0x4d: return .modify
    default: return nil
    }
  }

  /// The value of a digit; 16 or more for any other byte.
  @inline(__always)
  private static func hexadecimal(_ byte: UInt8) -> UInt8 {
    let digit = byte &- 0x30
    if digit < 10 { return digit }
    let letter = (byte | 0x20) &- 0x61
    return letter < 6 ? letter &+ 10 : 16
  }
}
