internal import MemoryTypes

/// Reads the text that strace writes, in its usual forms.
///
///     5196  1795407320.793191 mmap(NULL, 8192, PROT_READ|PROT_WRITE, …) = 0x7ffff7fc0000
///     │     │                 │                                           └ result
///     │     │                 └ call, perhaps `<unfinished ...>` and later `<... mmap resumed>`
///     │     └ time: -ttt, -tt, -t, -r, or none
///     └ task: -f -o FILE, or `[pid 5196]`, or none for a single task
///
/// A line goes three ways. **Memory calls** become `.call` events when they are finished. **Calls of
/// process life** become `.fork`, `.exec` and `.exit`. **Calls on descriptors** (open, close, dup,
/// fstat …) make no event; they keep each process's table of open files, which tells the file, its
/// size and its access mode when `mmap` comes, with strace's `-y` and without. All other calls are
/// counted in `ignored`.
///
/// A child may print its first line before its parent's `fork` is resumed. Then the `.fork` event is
/// made at the child's line, of the longest-waiting parent, so that no task acts before its birth.
///
/// Events of `.call(.ftruncate)` tell a file's new size; sizes that `fstat` tells are `.fileSize`.
public final class StraceReader: RecordingReader {
  public internal(set) var header = RecordingHeader(source: .strace)
  public internal(set) var files: [RecordedFile] = []

  let lines: LineReader
  var names = StraceNames()
  var fileTable: StraceFileTable
  var tasks = StraceTaskTable()
  /// The task of lines without a number.
  var mainTask: StraceTask?
  /// What strace calls that task once there are others.
  var mainAlias: Int32?
  /// Tasks inside an unfinished fork whose child is not known, longest waiting first.
  var forking: [StraceTask] = []
  /// Where unfinished and resumed halves of a line meet.
  let joined = JoinedLine()
  let images: any ExecImageSource
  var time: UInt64 = 0
  var queue: [RecordedEvent] = []
  private var queueStart = 0
  /// An exec event at this index of the queue waits for a confirmation of its addresses.
  var heldExec: (index: Int, task: Int32)?

  /// Opens a text, plain or compressed; `-` is standard input.
  ///
  /// - Parameter looksForPrograms: Whether the image of an `execve` is built from the program's ELF
  ///   file where that is at hand; otherwise it is left unknown.
  public convenience init(path: String, looksForPrograms: Bool = true) throws(BadInput) {
    let images: any ExecImageSource = looksForPrograms ? LocalPrograms() : UnknownPrograms()
    self.init(LineReader(try ByteSource(path: path)), images: images)
  }

  /// Reads a text from memory, under a name for its messages.
  public convenience init(name: String, text: String) {
    let source = ByteSource(name: name, bytes: Array(text.utf8))
    self.init(LineReader(source), images: UnknownPrograms())
  }

  /// - Parameter fileSystem: What ordinary paths lie on.
  init(
    _ lines: LineReader, images: any ExecImageSource, fileSystem: FileSystemKind = .unknown
  ) {
    self.lines = lines
    self.images = images
    fileTable = StraceFileTable(ordinary: fileSystem)
  }

  public var ignored: [String: Int] { names.counts }
  public var progress: ReadingProgress? { lines.progress }

  public func next() throws(BadInput) -> RecordedEvent? {
    while true {
      // A held exec stops the queue where it stands.
      if queueStart < min(queue.count, heldExec?.index ?? .max) {
        queueStart += 1
        return queue[queueStart - 1]
      }
      if queueStart == queue.count {
        queue.removeAll(keepingCapacity: true)
        queueStart = 0
      }
      guard queue.count < 1000, var line = try lines.next() else {
        guard heldExec != nil else { return nil }
        heldExec = nil
        continue
      }
      try read(&line)
    }
  }

  /// Adds an event; one place, so that order and time are kept.
  func emit(_ body: RecordedEvent.Body, task: StraceTask) {
    queue.append(
      RecordedEvent(position: lines.lineNumber, time: time, task: task.id, body))
  }

  private func read(_ line: inout LineCursor) throws(BadInput) {
    if line.skip("strace: ") || line.skip(" <unfinished ...>") || line.isAtEnd { return }
    let start = line
    guard let number = prefix(&line) else {
      throw lines.bad("a line of strace", at: start)
    }
    let task = task(number, isResumption: line.matches("<... ", from: line.position))
    switch line.peek {
    case UInt8(ascii: "-") where line.skip("--- "): names.count("signal")
    case UInt8(ascii: "+") where line.skip("+++ "): try ending(&line, of: task)
    case UInt8(ascii: "<") where line.skip("<... "): try resumption(&line, of: task)
    default: try beginning(&line, of: task)
    }
  }

  /// A call from its name on: whole, or its first half.
  private func beginning(_ line: inout LineCursor, of task: StraceTask) throws(BadInput) {
    if let length = line.unfinishedLength {
      task.suspend(line, length: length)
      if names.isFork(task.suspended) { forking.append(task) }
      return
    }
    try call(&line, of: task)
  }

  /// `NAME resumed>REST`
  private func resumption(_ line: inout LineCursor, of task: StraceTask) throws(BadInput) {
    let start = line
    while !line.isAtEnd, !line.skip(" resumed>") { line.position += 1 }
    guard line.position - start.position >= 9 else { throw lines.bad("'NAME resumed>'", at: start) }
    guard !task.suspended.isEmpty else {
      // strace was attached in the middle of the call: its arguments are lost.
      names.count("a call resumed without its beginning")
      return
    }
    if let length = line.unfinishedLength {
      task.suspend(line, length: length)
      return
    }
    var whole = joined.join(task.suspended, line)
    task.suspended.removeAll(keepingCapacity: true)
    forking.removeAll { $0 === task }
    try call(&whole, of: task)
  }

  private func call(_ line: inout LineCursor, of task: StraceTask) throws(BadInput) {
    let start = line
    while line.skip("?") {}
    let word = line.word()
    guard line.skip("("), line.position > start.position + 1 else {
      throw lines.bad("a call of strace", at: start)
    }
    switch names.kind(of: word, in: line) {
    case .memory(let name): try memoryCall(name, &line, of: task)
    case .descriptor(let name): try descriptorCall(name, &line, of: task)
    case .process(let name): try processCall(name, &line, of: task)
    case .other:
      guard line.hasResult else { throw lines.bad("' = RESULT' at the end", at: start) }
      names.count(word, in: line)
    }
  }
}
