internal import MemoryTypes

extension StraceReader {
  /// A call on a descriptor, whole; it makes an event only where a mapped file's size changes.
  func descriptorCall(
    _ name: StraceNames.DescriptorName, _ line: inout LineCursor, of task: StraceTask
  ) throws(BadInput) {
    let start = line
    guard let result = result(&line) else {
      throw lines.bad("arguments and ' = RESULT'", at: start)
    }
    guard let value = result.value, value >= 0 else { return }
    var place = start
    switch name {
    case .open, .openat, .openat2, .creat: open(name, &place, result, line, of: task)
    case .close: closed(&place, of: task)
    case .closeRange: closedRange(&place, of: task)
    case .dup, .dup2, .dup3, .fcntl: duplicated(name, &place, result, line, of: task)
    case .fstat, .fstatat: sizeTold(name, &place, of: task)
    case .fallocate: allocated(&place, of: task)
    }
  }

  /// Steps over the arguments; the result.
  private func result(_ line: inout LineCursor) -> StraceResult? {
    line.skipSpaces()
    while line.peek != UInt8(ascii: ")") {
      guard line.straceArgument(StraceSymbols.memory) != nil else { return nil }
      if line.skip(",") { line.skipSpaces() }
      line.skipSpaces()
    }
    return line.straceResult(StraceSymbols.errors)
  }

  private func argument(_ place: inout LineCursor) -> StraceArgument? {
    guard let argument = place.straceArgument(StraceSymbols.memory) else { return nil }
    place.skipSpaces()
    if place.skip(",") { place.skipSpaces() }
    return argument
  }

  private func open(
    _ name: StraceNames.DescriptorName, _ place: inout LineCursor, _ result: StraceResult,
    _ line: LineCursor, of task: StraceTask
  ) {
    if name == .openat || name == .openat2 { _ = argument(&place) }
    let path = argument(&place)?.text
    let access: RecordedCall.FileAccess =
      name == .creat || place.contains("O_WRONLY")
      ? .writeOnly : place.contains("O_RDWR") ? .readWrite : .readOnly
    opened(
      result, access, isClosedOnExec: place.contains("O_CLOEXEC"), path: path, line, of: task)
  }

  /// A new descriptor; strace's `-y` names its file, else the path that was asked for must do.
  func opened(
    _ result: StraceResult, _ access: RecordedCall.FileAccess, isClosedOnExec: Bool,
    path: Range<Int>? = nil, _ line: LineCursor, of task: StraceTask
  ) {
    guard let number = descriptor(result) else { return }
    let range = result.path ?? path ?? 0..<0
    task.descriptors.entries[number] = OpenFile(
      path: unsafe Array(line.bytes(range)), access: access, isClosedOnExec: isClosedOnExec)
  }

  func memfdCreated(
    _ call: RecordedCall, name: Range<Int>?, _ result: StraceResult, _ line: LineCursor,
    of task: StraceTask
  ) {
    guard let number = descriptor(result) else { return }
    let name = unsafe Array(line.bytes(name ?? 0..<0))
    task.descriptors.entries[number] = OpenFile(
      path: Array("/memfd:".utf8) + name + Array(" (deleted)".utf8), access: .readWrite, size: 0,
      isClosedOnExec: call.arguments.a1 & 1 != 0, isUnnamed: true)
  }

  private func descriptor(_ result: StraceResult) -> Int32? {
    guard let value = result.value, value >= 0 else { return nil }
    return Int32(exactly: value)
  }

  private func closed(_ place: inout LineCursor, of task: StraceTask) {
    guard let argument = argument(&place), argument.isNumeric else { return }
    task.descriptors.entries[Int32(truncatingIfNeeded: argument.value)] = nil
  }

  private func closedRange(_ place: inout LineCursor, of task: StraceTask) {
    guard let first = argument(&place), let last = argument(&place),
      !place.contains("CLOSE_RANGE_CLOEXEC")
    else { return }
    for number in task.descriptors.entries.keys
    where UInt64(number) >= first.value && UInt64(number) <= last.value {
      task.descriptors.entries[number] = nil
    }
  }

  private func duplicated(
    _ name: StraceNames.DescriptorName, _ place: inout LineCursor, _ result: StraceResult,
    _ line: LineCursor, of task: StraceTask
  ) {
    guard let old = argument(&place), old.isNumeric else { return }
    let number = Int32(truncatingIfNeeded: old.value)
    if name == .fcntl {
      if place.contains("F_SETFD") {
        task.descriptors.entries[number]?.isClosedOnExec = place.contains("FD_CLOEXEC")
        return
      }
      guard place.contains("F_DUPFD") || place.contains("F_DUPFD_CLOEXEC") else { return }
    }
    guard let new = descriptor(result), new != number else { return }
    var entry = openFile(number, old, line, of: task)
    entry.isClosedOnExec = place.contains("O_CLOEXEC") || place.contains("F_DUPFD_CLOEXEC")
    task.descriptors.entries[new] = entry
  }

  private func sizeTold(
    _ name: StraceNames.DescriptorName, _ place: inout LineCursor, of task: StraceTask
  ) {
    guard let descriptor = argument(&place), descriptor.isNumeric else { return }
    // newfstatat tells of the descriptor itself only with an empty path.
    if name == .fstatat {
      guard let path = argument(&place)?.text, path.isEmpty else { return }
    }
    guard place.contains("S_IFREG"), let size = place.number(after: "st_size=") else { return }
    learnSize(size, descriptor, place, of: task)
  }

  /// `fallocate(3, MODE, OFFSET, LENGTH)` of mode 0 may let the file grow.
  private func allocated(_ place: inout LineCursor, of task: StraceTask) {
    guard let descriptor = argument(&place), let mode = argument(&place), mode.value == 0,
      mode.isNumeric, let offset = argument(&place), let length = argument(&place)
    else { return names.count("fallocate with a mode") }
    let end = offset.value.addingReportingOverflow(length.value)
    let entry = openFile(
      Int32(truncatingIfNeeded: descriptor.value), descriptor, place, of: task)
    guard !end.overflow, end.partialValue > fileTable.size(of: entry) ?? 0 else { return }
    learnSize(end.partialValue, descriptor, place, of: task)
  }

  private func learnSize(
    _ size: UInt64, _ descriptor: StraceArgument, _ line: LineCursor, of task: StraceTask
  ) {
    let number = Int32(truncatingIfNeeded: descriptor.value)
    var entry = openFile(number, descriptor, line, of: task)
    let changed = fileTable.told(&entry, size: size)
    task.descriptors.entries[number] = entry
    if let changed { emit(.fileSize(file: changed, bytes: size), task: task) }
  }

  /// What is open as `number`; strace's `-y` has the last word on its name.
  func openFile(
    _ number: Int32, _ descriptor: StraceArgument, _ line: LineCursor, of task: StraceTask
  ) -> OpenFile {
    let known = task.descriptors.entries[number]
    guard let range = descriptor.path else {
      return known ?? OpenFile(path: Array("descriptor \(number)".utf8))
    }
    let path = unsafe line.bytes(range)
    if let known, unsafe isSame(known.path, path) { return known }
    let deleted = descriptor.isDeleted ? Array(" (deleted)".utf8) : []
    return unsafe OpenFile(path: Array(path) + deleted)
  }

  /// Whether an open file's path is still `path`; a file that was deleted keeps its identity.
  private func isSame(_ known: [UInt8], _ path: UnsafeBufferPointer<UInt8>) -> Bool {
    if unsafe known.elementsEqual(path) { return true }
    let suffix = " (deleted)".utf8
    let (longer, shorter) =
      unsafe known.count > path.count
      ? (known[...], Array(path)[...]) : (Array(path)[...], known[...])
    return longer.count == shorter.count + suffix.count && longer.starts(with: shorter)
      && longer.suffix(suffix.count).elementsEqual(suffix)
  }
}
