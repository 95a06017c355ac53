internal import MemoryTypes

extension StraceReader {
  /// A memory call, whole; the line stands behind its `(`.
  func memoryCall(
    _ name: CallName, _ line: inout LineCursor, of task: StraceTask
  ) throws(BadInput) {
    let start = line
    var arguments = StraceArguments()
    guard arguments.parse(&line) else {
      throw lines.bad("arguments of \(name.text) and ')'", at: start)
    }
    let end = line
    guard let result = line.straceResult(StraceSymbols.errors) else {
      throw lines.bad("' = RESULT'", at: end)
    }
    guard let value = result.value else {
      // The task ended in the call, or a signal will restart it.
      names.count("a memory call without a result")
      return
    }
    if name == .setrlimit {
      return limitCall(from: start, resource: arguments.first, value, of: task)
    }
    if name == .prctl, !isAboutMemory(arguments.first) {
      names.count("prctl")
      return
    }
    var call = RecordedCall(name, arguments.values, result: value)
    if let unknown = unknownArgument(of: name, in: arguments) {
      throw lines.bad(
        "numbers or known flags as argument \(unknown + 1) of \(name.text)", at: start)
    }
    try finish(&call, arguments, result, line, of: task)
  }

  /// The first argument that must be a number and is none.
  private func unknownArgument(of name: CallName, in arguments: borrowing StraceArguments) -> Int? {
    let numeric: Int
    switch name {
    case .brk, .mlockall: numeric = 1
    case .munmap, .mlock, .munlock, .ftruncate, .mincore: numeric = 2
    case .mprotect, .madvise, .msync, .mlock2, .mseal: numeric = 3
    case .mremap: numeric = 4
    case .remapFilePages: numeric = 5
    case .mmap: numeric = 6
    default: return nil
    }
    guard arguments.count >= numeric else { return arguments.count }
    let known = (~arguments.numeric).trailingZeroBitCount
    return known < numeric ? known : nil
  }

  private func isAboutMemory(_ option: StraceArgument) -> Bool {
    switch option.value {
    case 35, 41, 42, 65, 66, 67, 68, 0x5356_4d41: option.isNumeric
    default: false
    }
  }

  /// Finds the file of a call that has one, and makes the event.
  private func finish(
    _ call: inout RecordedCall, _ arguments: borrowing StraceArguments, _ result: StraceResult,
    _ line: LineCursor, of task: StraceTask
  ) throws(BadInput) {
    confirmHeldExec(by: call, of: task)
    switch call.name {
    case .mmap: fillInFile(&call, arguments.named, line, of: task)
    case .ftruncate:
      guard call.result == 0 else { return names.count("ftruncate that failed") }
      guard truncate(&call, arguments.first, line, of: task) else { return }
    case .memfdCreate: memfdCreated(call, name: arguments.first.text, result, line, of: task)
    case .memfdSecret, .userfaultfd:
      opened(result, .readWrite, isClosedOnExec: false, line, of: task)
    default: break
    }
    emit(.call(call), task: task)
  }

  private func fillInFile(
    _ call: inout RecordedCall, _ descriptor: StraceArgument, _ line: LineCursor,
    of task: StraceTask
  ) {
    let number = Int32(truncatingIfNeeded: call.arguments.a4)
    call.arguments.a4 = UInt64(bitPattern: Int64(number))
    let isAnonymous = call.arguments.a3 & 0x20 != 0
    guard !isAnonymous, number >= 0, call.result != -Int64(Errno.EBADF.rawValue) else { return }
    var entry = openFile(number, descriptor, line, of: task)
    let (file, newSize) = fileTable.intern(&entry, files: &files)
    task.descriptors[number] = entry
    if let newSize { emit(.fileSize(file: file, bytes: newSize), task: task) }
    (call.file, call.fileAccess) = (file, entry.access)
  }

  /// The size of a file that nobody mapped yet is kept for later and makes no event.
  private func truncate(
    _ call: inout RecordedCall, _ descriptor: StraceArgument, _ line: LineCursor,
    of task: StraceTask
  ) -> Bool {
    let number = Int32(truncatingIfNeeded: descriptor.value)
    var entry = openFile(number, descriptor, line, of: task)
    call.file = fileTable.truncated(&entry, to: call.arguments.a1)
    call.fileAccess = entry.access
    task.descriptors[number] = entry
    return call.file != nil
  }

  /// `setrlimit(RLIMIT_X, {rlim_cur=…, rlim_max=…})`: the two limits become arguments 1 and 2.
  func limitCall(
    from line: LineCursor, resource: StraceArgument, _ result: Int64, of task: StraceTask
  ) {
    guard resource.isNumeric, let current = limit(after: "rlim_cur=", line),
      let highest = limit(after: "rlim_max=", line)
    else { return names.count("limit") }
    emit(
      .call(RecordedCall(.setrlimit, .init(resource.value, current, highest), result: result)),
      task: task)
  }

  /// `8192*1024`, `100` or `RLIM64_INFINITY`.
  private func limit(after name: StaticString, _ line: LineCursor) -> UInt64? {
    guard var place = line.place(after: name) else { return nil }
    if place.skip("RLIM") { return .max }
    guard let value = place.number() else { return nil }
    guard place.skip("*1024") else { return value }
    return value < 1 << 54 ? value << 10 : nil
  }
}

/// The tables of the strace reader.
enum StraceSymbols {
  static let memory = MemorySymbols.table
  static let errors = ErrnoSymbols.table
}
