internal import MemoryTypes

extension StraceReader {
  /// A call of process life, whole; the line stands behind its `(`.
  func processCall(
    _ name: StraceNames.ProcessName, _ line: inout LineCursor, of task: StraceTask
  ) throws(BadInput) {
    let start = line
    guard let result = lastResult(&line) else { throw lines.bad("' = RESULT'", at: start) }
    switch name {
    case .execve, .execveat:
      if result.value == 0 { try executed(name, start, by: task) }
    case .clone, .clone3, .fork, .vfork:
      guard let value = result.value, value > 0, let child = Int32(exactly: value) else { return }
      if task.earlyChild == child {
        task.earlyChild = nil
      } else {
        adopt(child, of: task, sharing: Sharing(name, start))
      }
    case .exit: break
    case .prlimit: limited(start, result, of: task)
    }
  }

  /// The result at the end of a line whose arguments are not looked at: behind its last `) = `.
  ///
  /// Only the path behind a result may hold another `) = `, so few places are tried.
  func lastResult(_ line: inout LineCursor) -> StraceResult? {
    var offset = line.end - 1
    var attempts = 16
    while offset >= line.position, attempts > 0 {
      if line.byte(at: offset) == UInt8(ascii: "="), line.matches("= ", from: offset) {
        var ahead = line
        ahead.position = offset - 1
        while ahead.position > line.position, ahead.peek == UInt8(ascii: " ") {
          ahead.position -= 1
        }
        if ahead.peek == UInt8(ascii: ")") {
          if let result = ahead.straceResult(StraceSymbols.errors) {
            line = ahead
            return result
          }
          attempts -= 1
        }
      }
      offset -= 1
    }
    return nil
  }

  /// What a child has in common with its parent.
  struct Sharing {
    var memory = false
    var descriptors = false

    init(_ name: StraceNames.ProcessName, _ line: LineCursor) {
      switch name {
      case .vfork: memory = true
      case .clone, .clone3:
        memory = line.contains("CLONE_VM")
        descriptors = line.contains("CLONE_FILES")
      default: break
      }
    }
  }

  private func adopt(_ child: Int32, of parent: StraceTask, sharing: Sharing) {
    parent.childCount += 1
    tasks[child] = StraceTask(
      id: child,
      descriptors: sharing.descriptors ? parent.descriptors : parent.descriptors.copy(),
      family: "\(parent.family)/\(parent.childCount)")
    emit(.fork(child: child, sharesMemory: sharing.memory), task: parent)
  }

  /// Makes the child whose first line came before its parent's fork was resumed.
  func bear(_ child: Int32, of parent: StraceTask) -> StraceTask {
    let line = joined.join(parent.suspended, LineCursor.empty)
    let name: StraceNames.ProcessName =
      line.matches("vfork", from: 0) ? .vfork : line.matches("fork", from: 0) ? .fork : .clone
    parent.earlyChild = child
    adopt(child, of: parent, sharing: Sharing(name, line))
    return tasks[child]!
  }

  private func executed(
    _ name: StraceNames.ProcessName, _ line: LineCursor, by task: StraceTask
  ) throws(BadInput) {
    var line = line
    if name == .execveat { _ = line.straceArgument(StraceSymbols.memory) }
    if line.skip(",") { line.skipSpaces() }
    let text = line.straceArgument(StraceSymbols.memory)?.text ?? 0..<0
    let path = StraceFileTable.decoded(unsafe Array(line.bytes(text)))
    task.descriptors = task.descriptors.withoutCloseOnExec()
    task.execCount += 1
    var image =
      images.image(path: path, family: task.family, index: task.execCount)
      ?? ExecImage(path: path, mappings: [], files: [], programBreak: nil, origin: .unknown)
    image.files = image.mappings.map { mapping in
      guard mapping.path.hasPrefix("/") else { return nil }
      var entry = OpenFile(
        path: Array(mapping.path.utf8), size: images.fileSize(path: mapping.path))
      return fileTable.intern(&entry, files: &files).file
    }
    // Whether a built image is right shows in the program's first memory call.
    if image.origin == .elf { heldExec = (queue.count, task.id) }
    emit(.exec(image), task: task)
  }

  /// Takes the image of a held exec back when the task's first memory call contradicts it: the
  /// addresses were random, or the file is another by now.
  func confirmHeldExec(by call: RecordedCall, of task: StraceTask) {
    guard let held = heldExec, held.task == task.id, held.index < queue.count else { return }
    heldExec = nil
    guard case .exec(let image) = queue[held.index].body else { return }
    let result = UInt64(bitPattern: call.result)
    // Without randomisation the mmap area ends in the last 4 GiB.
    let isRight =
      call.name == .brk && call.arguments.a0 == 0
      ? result == image.programBreak : call.name != .mmap || result >> 32 == 0x7fff
    if !isRight {
      queue[held.index].body = .exec(
        ExecImage(
          path: image.path, mappings: [], files: [], programBreak: nil, origin: .unknown))
    }
  }

  /// `prlimit64(0, RLIMIT_X, {NEW}, …) = 0` is `setrlimit`.
  private func limited(_ line: LineCursor, _ result: StraceResult, of task: StraceTask) {
    var line = line
    guard let value = result.value, line.skip("0, "),
      let resource = line.straceArgument(StraceSymbols.memory), line.skip(", {")
    else { return names.count("prlimit64") }
    limitCall(from: line, resource: resource, value, of: task)
  }

  /// What stands behind `+++ `.
  func ending(_ line: inout LineCursor, of task: StraceTask) throws(BadInput) {
    let start = line
    if line.skip("exited with ") {
      guard let status = line.decimal(), status < 256 else {
        throw lines.bad("an exit status", at: start)
      }
      end(task, status: Int32(status) << 8)
    } else if line.skip("killed by ") {
      let word = line.word()
      guard let signal = SignalSymbols.number(word, line) else {
        throw lines.bad("a signal", at: start)
      }
      end(task, status: Int32(signal) | (line.skip(" (core dumped)") ? 0x80 : 0))
    } else if line.skip("superseded by execve in pid ") {
      guard let number = line.decimal(), let caller = Int32(exactly: number) else {
        throw lines.bad("a process", at: start)
      }
      superseded(task, by: caller)
    } else {
      throw lines.bad("'exited with', 'killed by' or 'superseded by'", at: start)
    }
  }

  private func end(_ task: StraceTask, status: Int32) {
    emit(.exit(status: status), task: task)
    tasks[task.id] = nil
    task.isAlive = false
    forking.removeAll { $0 === task }
  }

  /// A thread that executes a program takes its leader's number; the leader's other life is over.
  private func superseded(_ leader: StraceTask, by caller: Int32) {
    guard let thread = tasks[caller] else { return }
    leader.suspended = thread.suspended
    leader.isAlive = true
    tasks[caller] = nil
    emit(.exit(status: 0), task: thread)
  }
}

/// Numbers of signals by name, as on x86 and arm.
enum SignalSymbols {
  private static let table = SymbolTable([
    ("SIGHUP", 1), ("SIGINT", 2), ("SIGQUIT", 3), ("SIGILL", 4), ("SIGTRAP", 5), ("SIGABRT", 6),
    ("SIGBUS", 7), ("SIGFPE", 8), ("SIGKILL", 9), ("SIGUSR1", 10), ("SIGSEGV", 11),
    ("SIGUSR2", 12), ("SIGPIPE", 13), ("SIGALRM", 14), ("SIGTERM", 15), ("SIGSTKFLT", 16),
    ("SIGCHLD", 17), ("SIGCONT", 18), ("SIGSTOP", 19), ("SIGTSTP", 20), ("SIGTTIN", 21),
    ("SIGTTOU", 22), ("SIGURG", 23), ("SIGXCPU", 24), ("SIGXFSZ", 25), ("SIGVTALRM", 26),
    ("SIGPROF", 27), ("SIGWINCH", 28), ("SIGIO", 29), ("SIGPWR", 30), ("SIGSYS", 31),
  ])

  /// Also `SIGRT_3` and `SIGRTMIN`, which strace counts from 32.
  static func number(_ word: Range<Int>, _ line: LineCursor) -> UInt64? {
    if let number = table.value(of: word, in: line) { return number }
    guard line.matches("SIGRT", from: word.lowerBound) else { return nil }
    var digits = line
    digits.position = word.lowerBound + 6
    return min(64, 32 + (digits.decimal() ?? 0))
  }
}
