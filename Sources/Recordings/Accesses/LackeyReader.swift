internal import MemoryTypes

/// Reads the text of valgrind's lackey with `--trace-mem=yes`: every access of a program.
///
///     I  04001f50,3        an instruction of 3 bytes
///      L 1ffeffe7e8,8      a load; ` S` a store, ` M` both
///     ==4711== …           a comment of valgrind
///
/// Traces made by other means may tell the calls that change mappings, where they happened:
///
///     ==0== SYSCALL mmap(0x0,0x2000,0x3,0x22,0xffffffff,0x0) = 0x400286a000 at access 15727
///
/// Accesses come in events of up to `TracedAccess.batchLimit`. Whose memory it was before the first
/// call is not told.
public final class LackeyReader: RecordingReader {
  public let header = RecordingHeader(source: .accesses)
  public private(set) var files: [RecordedFile] = []
  public private(set) var ignored: [String: Int] = [:]
  public var progress: ReadingProgress? { lines.progress }

  private let lines: LineReader
  private var fileOfDescriptor: [UInt64: FileID] = [:]

  /// Opens a file; `-` is standard input.
  public convenience init(path: String) throws(BadInput) {
    self.init(try ByteSource(path: path))
  }

  init(_ source: ByteSource) { lines = LineReader(source) }

  /// Whether a text that begins so looks like lackey's: an access, or a comment of valgrind.
  static func recognises(_ start: some Collection<UInt8>) -> Bool {
    ["I  ", " L ", " S ", " M ", "=="].contains { start.starts(with: $0.utf8) }
  }

  public func next() throws(BadInput) -> RecordedEvent? {
    var accesses: [TracedAccess] = []
    var position = lines.lineNumber + 1
    while true {
      takeAccesses(into: &accesses)
      guard accesses.count < TracedAccess.batchLimit, let line = try lines.next() else { break }
      if line.matches("==", from: 0) {
        guard accesses.isEmpty else {
          lines.putBack()
          break
        }
        if let event = try event(of: line) { return event }
        position = lines.lineNumber + 1
      } else {
        // The line that the buffer held in part, or one that is no access.
        var place = unsafe line.base
        guard let access = unsafe LackeyLine.access(&place) else {
          throw lines.bad("I, L, S or M, an address and a size", at: line)
        }
        accesses.append(access)
      }
    }
    return accesses.isEmpty
      ? nil : RecordedEvent(position: position, task: 1, .accesses(accesses))
  }

  /// Appends the accesses that stand next in the buffer, until the batch is full.
  private func takeAccesses(into accesses: inout [TracedAccess]) {
    accesses.reserveCapacity(TracedAccess.batchLimit)
    unsafe lines.takeLines(TracedAccess.batchLimit - accesses.count) { place in
      guard let access = unsafe LackeyLine.access(&place) else { return false }
      accesses.append(access)
      return true
    }
  }

  /// What a line of `==` tells; nil for one that tells nothing about memory.
  private func event(of line: LineCursor) throws(BadInput) -> RecordedEvent? {
    var line = line
    _ = line.skip("==")
    _ = line.word()
    guard line.skip("== SYSCALL ") else {
      ignored["comment", default: 0] += 1
      return nil
    }
    let name = line.word()
    guard let raw = CallSymbols.table.value(of: name, in: line),
      let symbol = CallName(rawValue: UInt8(truncatingIfNeeded: raw))
    else {
      ignored[line.string(name), default: 0] += 1
      return nil
    }
    let words = try arguments(&line)
    guard line.skip(" = "), let result = line.number() else {
      throw lines.bad("\" = \" and a result", at: line)
    }
    var call = RecordedCall(
      symbol, .init(words[0], words[1], words[2], words[3], words[4], words[5]),
      result: Int64(bitPattern: result))
    let isAnonymous: UInt64 = 0x20
    if symbol == .mmap, words[3] & isAnonymous == 0 { call.file = file(of: words[4]) }
    return RecordedEvent(position: lines.lineNumber, task: 1, .call(call))
  }

  private func arguments(_ line: inout LineCursor) throws(BadInput) -> [UInt64] {
    var words: [UInt64] = []
    guard line.skip("(") else { throw lines.bad("\"(\"", at: line) }
    while !line.skip(")") {
      guard words.count < 6, words.isEmpty || line.skip(","), let word = line.number() else {
        throw lines.bad("at most six numbers and \")\"", at: line)
      }
      words.append(word)
    }
    return words + Array(repeating: 0, count: 6 - words.count)
  }

  /// The text names no files; each descriptor stands for one.
  private func file(of descriptor: UInt64) -> FileID {
    if let known = fileOfDescriptor[descriptor] { return known }
    let id = FileID(UInt32(files.count))
    files.append(RecordedFile(path: "descriptor \(descriptor)"))
    fileOfDescriptor[descriptor] = id
    return id
  }
}
