/// Reads the text of kernel events about memory: `cat trace`, `trace-cmd report`, `perf script`.
///
///     bash-10528   [000] .....  5545.183417: mm_page_alloc: page=… pfn=0x1532f4 order=0 …
///     bash-10528   [000]        5545.183417: mm_page_alloc: page=… pfn=0x1532f4 order=0 …
///     bash 10528   [000]        5545.183417: kmem:mm_page_alloc: page=… pfn=0x1532f4 order=0 …
///
/// One line at a time, in place; the memory used does not grow with the text, but for the names of
/// marks and caches. Lines that begin with `#` and empty ones say nothing; events with other names
/// are counted in `ignored`.
public final class KernelTraceReader {
  /// Texts of marks and names of caches, by the indices that events hold.
  public private(set) var names: [String] = []
  /// Events that were stepped over, by name.
  public private(set) var ignored: [String: Int] = [:]
  /// Events that the recorder says it lost (`[LOST 12 EVENTS]`).
  public private(set) var lost: UInt64 = 0

  let lines: LineReader
  private let source: ByteSource
  private var indices: [String: UInt32] = [:]

  /// Opens a file, compressed or not; `-` is standard input.
  ///
  /// - Throws: `BadInput` for a file that cannot be opened.
  public convenience init(path: String) throws(BadInput) {
    self.init(try ByteSource(path: path))
  }

  /// Reads `bytes` as if they were a file called `name`.
  public convenience init(name: String, bytes: [UInt8]) {
    self.init(ByteSource(name: name, bytes: bytes))
  }

  init(_ source: ByteSource) {
    self.source = source
    lines = LineReader(source)
  }

  /// How messages name the text.
  public var name: String { lines.name }
  /// How much of the file was read.
  public var progress: ReadingProgress { lines.progress }
  /// Bytes of text that were read, after decompression.
  public var byteCount: UInt64 { UInt64(source.count) }
  /// How many processors the head of the text says there are; 0 where it does not.
  public private(set) var processors = 0

  /// The next event, or nil at the end.
  ///
  /// - Throws: `BadInput` for a line that is no event, or an event without its fields.
  public func next() throws(BadInput) -> KernelTraceEvent? {
    while let line = try lines.next() {
      if line.isAtEnd { continue }
      if line.peek == 0x23 {
        noteProcessors(line)
        continue
      }
      if let event = try event(of: line) { return event }
    }
    return nil
  }

  /// All events that are left.
  public func all() throws(BadInput) -> [KernelTraceEvent] {
    var events: [KernelTraceEvent] = []
    while let event = try next() { events.append(event) }
    return events
  }

  /// Whether the file begins like one of these: with the head of ftrace's text, or an event that is
  /// read here among the first lines.
  public static func recognises(path: String) -> Bool {
    guard path != "-", let source = try? ByteSource(path: path),
      let start = try? source.prefix(1 << 14)
    else { return false }
    if start.starts(with: "# tracer:".utf8) { return true }
    // The last line may be cut.
    guard let end = start.lastIndex(of: 10) else { return false }
    let reader = KernelTraceReader(name: path, bytes: Array(start[...end]))
    return (try? reader.next()) != nil
  }

  /// `# entries-in-buffer/entries-written: 61262/61262   #P:2`
  private func noteProcessors(_ line: LineCursor) {
    var line = line
    guard line.seek("#P:"), let count = line.decimal() else { return }
    processors = Int(clamping: min(count, 1 << 16))
  }

  private func event(of line: LineCursor) throws(BadInput) -> KernelTraceEvent? {
    var line = line
    guard var event = prefix(&line) else {
      if isStatement(line) { return nil }
      throw lines.bad("TASK-PID [CPU] TIME: EVENT:", at: line)
    }
    let system = line.word()
    var word = system
    if line.peek == 0x3a, LineCursor.isWord(line.byte(at: line.position + 1)) {
      line.position += 1
      word = line.word()
    }
    guard !word.isEmpty, line.skip(":") else { throw lines.bad("the name of an event", at: line) }
    guard let raw = KernelTraceName.table.value(of: word, in: line),
      let name = KernelTraceName(rawValue: UInt8(truncatingIfNeeded: raw))
    else {
      ignored[line.string(word), default: 0] += 1
      return nil
    }
    event.kind = try kind(name, &line)
    return event
  }

  /// Lines that recorders write between events: `CPU:1 [LOST 12 EVENTS]`, `cpus=2`.
  private func isStatement(_ line: LineCursor) -> Bool {
    var line = line
    if line.skip("cpus=") || line.skip("version = ") { return true }
    guard line.skip("CPU:"), line.decimal() != nil, line.skip(" [LOST ") else { return false }
    lost &+= line.decimal() ?? 0
    return true
  }

  /// The index of a name, known or new.
  func index(of range: Range<Int>, in line: LineCursor) -> UInt32 {
    let name = line.string(range)
    if let known = indices[name] { return known }
    let index = UInt32(truncatingIfNeeded: names.count)
    names.append(name)
    indices[name] = index
    return index
  }
}
