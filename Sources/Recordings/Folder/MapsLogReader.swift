internal import MemoryTypes

/// Reads `maps.log`: each memory call of each task, and how `/proc/PID/maps` changed by it.
///
///     5127 exec /usr/bin/ls                          .exec: the + lines are the whole image
///     +555555554000-555555558000 r--p 0 /usr/bin/ls
///     5127 brk(0x0) = 0x55555557a000                 .call
///     5127 vfork 5128                                .fork; `clone N thread` is a thread
///     5127 exit 0x0                                  .exit
///     # 5127 peak_vmas 49                            no event; `peakMappings`
///
/// The log does not name the file behind `mmap`'s descriptor. But after the call the maps have it at
/// the returned address, whether the new mapping merged or not; so the reader keeps the maps of each
/// address space and looks there. Where the call failed, the file that the process last mapped
/// through that descriptor stands in.
final class MapsLogReader: RecordingReader {
  var header: RecordingHeader { facts.header }
  private(set) var files: [RecordedFile] = []
  let ignored: [String: Int] = [:]
  var progress: ReadingProgress? { lines.progress }
  private(set) var peakMappings: [Int32: Int] = [:]

  private let lines: LineReader
  private let facts: FolderFacts
  private var paths = PathTable()
  private var fileIDs: [String: FileID] = [:]
  private var spaces: [Int32: Space] = [:]
  private var waiting: RecordedEvent?

  /// What the tasks of one address space share.
  private final class Space {
    var maps: MapsModel
    var fileOfDescriptor: [UInt64: FileID]

    init(maps: MapsModel = MapsModel(), fileOfDescriptor: [UInt64: FileID] = [:]) {
      self.maps = maps
      self.fileOfDescriptor = fileOfDescriptor
    }

    func copy() -> Space {
      Space(maps: MapsModel(maps.lines), fileOfDescriptor: fileOfDescriptor)
    }
  }

  init(_ source: ByteSource, facts: FolderFacts) throws(BadInput) {
    lines = LineReader(source)
    self.facts = facts
  }

  func next() throws(BadInput) -> RecordedEvent? {
    if let event = waiting {
      waiting = nil
      return event
    }
    while var line = try lines.next() {
      if line.skip("# ") {
        try comment(&line)
      } else {
        return try event(&line)
      }
    }
    return nil
  }

  /// `# PID peak_vmas N`, or the most of any process at the very end.
  private func comment(_ line: inout LineCursor) throws(BadInput) {
    if line.skip("peak_vmas_any ") { return }
    let start = line
    guard let task = task(&line), line.skip(" peak_vmas "), let count = line.decimal() else {
      throw lines.bad("'PID peak_vmas N'", at: start)
    }
    peakMappings[task] = Int(clamping: count)
  }

  private func task(_ line: inout LineCursor) -> Int32? {
    line.decimal().flatMap { Int32(exactly: $0) }
  }

  private func event(_ line: inout LineCursor) throws(BadInput) -> RecordedEvent {
    let start = line
    guard let task = task(&line), line.skip(" ") else { throw lines.bad("a process", at: start) }
    let position = lines.lineNumber
    let name = line.word()
    if line.skip("(") {
      guard let raw = CallSymbols.table.value(of: name, in: line),
        let call = CallName(rawValue: UInt8(truncatingIfNeeded: raw))
      else { throw lines.bad("a memory call", at: start) }
      return try callEvent(call, &line, task: task, position: position)
    }
    guard line.skip(" ") else { throw lines.bad("a call or an event of a process", at: start) }
    let body = try lifeEvent(line.string(name), &line, task: task)
    return RecordedEvent(position: position, task: task, body)
  }

  private func lifeEvent(
    _ name: String, _ line: inout LineCursor, task: Int32
  ) throws(BadInput) -> RecordedEvent.Body {
    let start = line
    switch name {
    case "exec":
      return try execBody(path: line.string(line.position..<line.end), task: task)
    case "fork", "vfork", "clone":
      guard let child = self.task(&line) else { throw lines.bad("a process", at: start) }
      let isShared = line.skip(" thread") || name == "vfork"
      let parent = space(of: task)
      spaces[child] = isShared ? parent : parent.copy()
      return .fork(child: child, sharesMemory: isShared)
    case "exit":
      guard let status = line.number() else { throw lines.bad("an exit status", at: start) }
      spaces[task] = nil
      return .exit(status: Int32(truncatingIfNeeded: status))
    default:
      throw lines.bad("'exec', 'fork', 'vfork', 'clone' or 'exit'", at: start)
    }
  }

  private func space(of task: Int32) -> Space {
    if let space = spaces[task] { return space }
    let space = Space()
    spaces[task] = space
    return space
  }

  private func execBody(path: String, task: Int32) throws(BadInput) -> RecordedEvent.Body {
    let change = try readChange()
    guard change.removed.isEmpty, !change.added.isEmpty else {
      throw BadInput(
        file: lines.name, line: lines.lineNumber, expected: "the maps after exec as '+' lines",
        found: change.added.isEmpty ? "none" : "'-' lines")
    }
    let space = Space(maps: MapsModel(change.added))
    spaces[task] = space
    let mappings = space.maps.lines
    return .exec(
      ExecImage(
        path: path, mappings: mappings,
        files: mappings.map { $0.path.hasPrefix("/") ? fileID($0.path) : nil },
        programBreak: ExecImage.programBreak(of: path, in: mappings), origin: .recorded))
  }

  private func callEvent(
    _ name: CallName, _ line: inout LineCursor, task: Int32, position: Int
  ) throws(BadInput) -> RecordedEvent {
    var call = RecordedCall(name, .init(), result: 0)
    var count = 0
    while !line.skip(")") {
      let start = line
      guard count == 0 || line.skip(", "), count < 6, let value = line.number() else {
        throw lines.bad("up to six hexadecimal arguments", at: start)
      }
      call.arguments[count] = value
      count += 1
    }
    let start = line
    guard line.skip(" = "), let result = line.number(), line.isAtEnd else {
      throw lines.bad("' = RESULT'", at: start)
    }
    call.result = Int64(bitPattern: result)
    try readCallChange(&call, task: task)
    return RecordedEvent(position: position, task: task, .call(call))
  }

  /// Reads the lines below a call, and finds the file that `mmap` mapped.
  private func readCallChange(_ call: inout RecordedCall, task: Int32) throws(BadInput) {
    let change = try readChange()
    let space = space(of: task)
    if change.position > 0 {
      guard space.maps.apply(removed: change.removed, added: change.added) else {
        throw BadInput(
          file: lines.name, line: change.position, expected: "'-' lines that are in the maps",
          found: "another")
      }
      waiting = RecordedEvent(
        position: change.position, task: task,
        .mapsChange(removed: change.removed, added: change.added))
    }
    if call.name == .mmap { fillInFile(&call, space) }
  }

  private func fillInFile(_ call: inout RecordedCall, _ space: Space) {
    // The log prints the register; a descriptor is an int.
    let descriptor = Int32(truncatingIfNeeded: call.arguments.a4)
    call.arguments.a4 = UInt64(bitPattern: Int64(descriptor))
    let isAnonymous = call.arguments.a3 & 0x20 != 0
    guard !isAnonymous, descriptor >= 0 else { return }
    if call.result < 0 && call.result > -4096 {
      guard call.result != -Int64(Errno.EBADF.rawValue) else { return }
      call.file = space.fileOfDescriptor[call.arguments.a4] ?? fileID("")
    } else if let line = space.maps.line(at: UInt64(bitPattern: call.result)),
      line.path.hasPrefix("/")
    {
      call.file = fileID(line.path)
      space.fileOfDescriptor[call.arguments.a4] = call.file
    }
  }

  private func readChange() throws(BadInput) -> (
    removed: [MapLine], added: [MapLine], position: Int
  ) {
    var change: (removed: [MapLine], added: [MapLine], position: Int) = ([], [], 0)
    while var line = try lines.next() {
      let isRemoval = line.skip("-")
      guard isRemoval || line.skip("+") else {
        lines.putBack()
        break
      }
      if change.position == 0 { change.position = lines.lineNumber }
      let start = line
      guard let map = line.mapLine(paths: &paths) else {
        throw lines.bad("a line of maps", at: start)
      }
      if isRemoval { change.removed.append(map) } else { change.added.append(map) }
    }
    return change
  }

  private func fileID(_ path: String) -> FileID {
    if let known = fileIDs[path] { return known }
    let id = FileID(UInt32(files.count))
    files.append(facts.recordedFile(path))
    fileIDs[path] = id
    return id
  }
}
