internal import MemoryTypes

/// Reads the log of an oracle run: random memory calls and accesses of one small process, with what
/// the real kernel answered.
///
/// A log is a header (`#` lines, then `|` lines with the maps at the start) and numbered steps. Below
/// a step stand the lines of the maps it took away (`-`) and brought (`+`). Steps of a forked child
/// are indented:
///
///     15 fork() = child                          .fork(child: 1)                task 0
///       - 7ffff7600000-7ffff7e00000 ---p 0       .mapsChange                    task 1
///       16 write(0x42d2ed, 0x68) = SIGSEGV …     .probe(.access(.write, …))     task 1
///     17 brk(0x0) = 0x401000                     .call(brk)                     task 0
///
/// Task 0 is the process, children are 1, 2, 3 … in order of their forks. One child lives at a time.
/// A `mapsChange` belongs to the event before it; a step without one left the maps as they were.
public final class OracleReader: RecordingReader {
  public internal(set) var header = RecordingHeader(source: .oracle)
  public internal(set) var files: [RecordedFile] = []
  /// Words of the header that nothing here needs; every step is an event.
  public internal(set) var ignored: [String: Int] = [:]
  public var progress: ReadingProgress? { lines.progress }
  /// The numbered steps read so far; at the end as many as the header announced.
  public private(set) var stepCount: UInt64 = 0
  /// The steps the header announces; nil where it is silent.
  public internal(set) var announcedSteps: UInt64?

  let lines: LineReader
  var paths = PathTable()
  let symbols = MemorySymbols.table
  let errors = ErrnoSymbols.table
  var descriptors: [Descriptor] = []
  private var childCount: Int32 = 0
  private var hasChild = false

  /// Opens a log, plain or compressed; `-` is standard input.
  public convenience init(path: String) throws(BadInput) {
    try self.init(LineReader(ByteSource(path: path)))
  }

  /// Reads a log from memory, under a name for its messages.
  public convenience init(name: String, text: String) throws(BadInput) {
    try self.init(LineReader(ByteSource(name: name, bytes: Array(text.utf8))))
  }

  init(_ lines: LineReader) throws(BadInput) {
    self.lines = lines
    try readHeader()
  }

  public func next() throws(BadInput) -> RecordedEvent? {
    guard var line = try lines.next() else {
      try checkStepCount()
      return nil
    }
    let isChild = line.skip("  ")
    if line.peek == UInt8(ascii: "-") || line.peek == UInt8(ascii: "+") {
      lines.putBack()
      return try mapsChange(isChild: isChild)
    }
    return try step(&line, isChild: isChild)
  }

  private func checkStepCount() throws(BadInput) {
    guard let announcedSteps, announcedSteps != stepCount else { return }
    throw BadInput(
      file: lines.name, line: lines.lineNumber, expected: "\(announcedSteps) steps",
      found: "the end after \(stepCount)")
  }

  private func step(_ line: inout LineCursor, isChild: Bool) throws(BadInput) -> RecordedEvent {
    let start = line
    guard let number = line.decimal(), line.skip(" "), number == stepCount + 1 else {
      throw lines.bad("step \(stepCount + 1)", at: start)
    }
    guard !isChild || hasChild else {
      throw lines.bad("a step of the process: no child lives", at: start)
    }
    stepCount = number
    let position = lines.lineNumber
    let task = isChild ? childCount : 0
    let body = try stepBody(&line, isChild: isChild)
    guard line.isAtEnd else { throw lines.bad("the end of the step", at: line) }
    return RecordedEvent(position: position, task: task, body)
  }

  private func stepBody(
    _ line: inout LineCursor, isChild: Bool
  ) throws(BadInput) -> RecordedEvent.Body {
    let start = line
    let name = line.word()
    guard line.skip("(") else { throw lines.bad("NAME(", at: start) }
    if let raw = CallSymbols.table.value(of: name, in: line),
      let call = CallName(rawValue: UInt8(truncatingIfNeeded: raw)), call != .mincore
    {
      return try .call(callBody(call, &line))
    }
    switch Step.table.value(of: name, in: line).flatMap(Step.init(rawValue:)) {
    case .fork: return try forkBody(&line, isChild: isChild)
    case .exit: return try exitBody(&line, isChild: isChild)
    case .some(let probe): return try .probe(probeBody(probe, &line))
    case nil: throw lines.bad("a call or a probe of an oracle log", at: start)
    }
  }

  /// The steps that are no calls of `CallName`.
  enum Step: UInt64, CaseIterable {
    case fork, exit, read, write, faults, mincore, pagemap, vmflags, status

    static let table = SymbolTable([
      ("fork", Step.fork.rawValue), ("exit", Step.exit.rawValue), ("read", Step.read.rawValue),
      ("write", Step.write.rawValue), ("faults", Step.faults.rawValue),
      ("mincore", Step.mincore.rawValue), ("pagemap", Step.pagemap.rawValue),
      ("vmflags", Step.vmflags.rawValue), ("status", Step.status.rawValue),
    ])
  }

  private func forkBody(
    _ line: inout LineCursor, isChild: Bool
  ) throws(BadInput) -> RecordedEvent.Body {
    guard !isChild, !hasChild else { throw lines.bad("a step other than a second fork", at: line) }
    try expect(") = child", &line)
    hasChild = true
    childCount &+= 1
    return .fork(child: childCount, sharesMemory: false)
  }

  private func exitBody(
    _ line: inout LineCursor, isChild: Bool
  ) throws(BadInput) -> RecordedEvent.Body {
    guard isChild else { throw lines.bad("a step other than the process's own exit", at: line) }
    guard let status = line.number() else { throw lines.bad("an exit status", at: line) }
    try expect(")", &line)
    hasChild = false
    return .exit(status: Int32(status & 0xff) << 8)
  }

  private func mapsChange(isChild: Bool) throws(BadInput) -> RecordedEvent {
    var removed: [MapLine] = []
    var added: [MapLine] = []
    var position = 0
    while var line = try lines.next() {
      let isRemoval = line.skip(isChild ? "  - " : "- ")
      guard isRemoval || line.skip(isChild ? "  + " : "+ ") else {
        lines.putBack()
        break
      }
      if position == 0 { position = lines.lineNumber }
      let start = line
      guard let map = line.mapLine(paths: &paths) else {
        throw lines.bad("a line of maps", at: start)
      }
      if isRemoval { removed.append(map) } else { added.append(map) }
    }
    guard position > 0, stepCount > 0, hasChild || !isChild else {
      throw BadInput(
        file: lines.name, line: lines.lineNumber, expected: "a step",
        found: "a line of maps without one")
    }
    return RecordedEvent(
      position: position, task: isChild ? childCount : 0,
      .mapsChange(removed: removed, added: added))
  }

  /// Steps over `text`.
  func expect(_ text: StaticString, _ line: inout LineCursor) throws(BadInput) {
    guard line.skip(text) else { throw lines.bad("'\(text)'", at: line) }
  }
}
