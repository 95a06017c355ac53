internal import MemoryTypes

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

extension StraceReader {
  /// A call on a descriptor, whole; it makes an event only where a mapped file's size changes.
  func descriptorCall(
    _ name: StraceNames.DescriptorName, _ line: inout LineCursor, of task: StraceTask
  ) throws(BadInput) {
    var place = line
    guard let result = lastResult(&line) else {
      throw lines.bad("arguments and ' = RESULT'", at: place)
    }
    guard let value = result.value, value >= 0 else { return }
    switch name {
    case .open, .openat, .openat2, .creat: try open(name, &place, result, of: task)
    case .close: try closed(&place, of: task)
    case .closeRange: try closedRange(&place, of: task)
    case .dup, .dup2, .dup3, .fcntl: try duplicated(name, &place, result, of: task)
    case .fstat, .fstatat: try sizeTold(name, &place, of: task)
    case .fallocate: try allocated(&place, of: task)
    }
  }

  private func argument(_ place: inout LineCursor) throws(BadInput) -> StraceArgument {
    let start = place
    guard let argument = place.straceArgument(StraceSymbols.memory) else {
      throw lines.bad("arguments and ' = RESULT'", at: start)
    }
    place.skipSpaces()
    if place.skip(",") { place.skipSpaces() }
    return argument
  }

  private func open(
    _ name: StraceNames.DescriptorName, _ place: inout LineCursor, _ result: StraceResult,
    of task: StraceTask
  ) throws(BadInput) {
    if name == .openat || name == .openat2 { _ = try argument(&place) }
    let path = try argument(&place).text
    let access: RecordedCall.FileAccess =
      name == .creat || place.contains("O_WRONLY")
      ? .writeOnly : place.contains("O_RDWR") ? .readWrite : .readOnly
    opened(
      result, access, isClosedOnExec: place.contains("O_CLOEXEC"), path: path, place, of: task)
  }

  /// A new descriptor; strace's `-y` names its file, else the path that was asked for must do.
  func opened(
    _ result: StraceResult, _ access: RecordedCall.FileAccess, isClosedOnExec: Bool,
    path: Range<Int>? = nil, _ line: LineCursor, of task: StraceTask
  ) {
    guard let number = descriptor(result) else { return }
    let range = result.path ?? path ?? 0..<0
    task.descriptors[number] = OpenFile(
      path: unsafe Array(line.bytes(range)), access: access, isClosedOnExec: isClosedOnExec)
  }

  func memfdCreated(
    _ call: RecordedCall, name: Range<Int>?, _ result: StraceResult, _ line: LineCursor,
    of task: StraceTask
  ) {
    guard let number = descriptor(result) else { return }
    let name = unsafe Array(line.bytes(name ?? 0..<0))
    task.descriptors[number] = OpenFile(
      path: Array("/memfd:".utf8) + name + Array(" (deleted)".utf8), access: .readWrite, size: 0,
      isClosedOnExec: call.arguments.a1 & 1 != 0, isUnnamed: true)
  }

  private func descriptor(_ result: StraceResult) -> Int32? {
    guard let value = result.value, value >= 0 else { return nil }
    return Int32(exactly: value)
  }

  private func closed(_ place: inout LineCursor, of task: StraceTask) throws(BadInput) {
    let argument = try argument(&place)
    guard argument.isNumeric else { return }
    task.descriptors[Int32(truncatingIfNeeded: argument.value)] = nil
  }

  private func closedRange(_ place: inout LineCursor, of task: StraceTask) throws(BadInput) {
    let first = try argument(&place)
    let last = try argument(&place)
    guard !place.contains("CLOSE_RANGE_CLOEXEC"), first.value <= last.value else { return }
    task.descriptors.close(first.value...last.value)
  }

  private func duplicated(
    _ name: StraceNames.DescriptorName, _ place: inout LineCursor, _ result: StraceResult,
    of task: StraceTask
  ) throws(BadInput) {
    let old = try argument(&place)
    guard old.isNumeric else { return }
    let number = Int32(truncatingIfNeeded: old.value)
    if name == .fcntl {
      if place.contains("F_SETFD") {
        task.descriptors[number]?.isClosedOnExec = place.contains("FD_CLOEXEC")
        return
      }
      guard place.contains("F_DUPFD") || place.contains("F_DUPFD_CLOEXEC") else { return }
    }
    guard let new = descriptor(result), new != number else { return }
    var entry = openFile(number, old, place, of: task)
    entry.isClosedOnExec = place.contains("O_CLOEXEC") || place.contains("F_DUPFD_CLOEXEC")
    task.descriptors[new] = entry
  }

  private func sizeTold(
    _ name: StraceNames.DescriptorName, _ place: inout LineCursor, of task: StraceTask
  ) throws(BadInput) {
    // Most newfstatat calls are of a path, from AT_FDCWD.
    guard place.peek &- 0x30 < 10 else { return }
    let descriptor = try argument(&place)
    guard descriptor.isNumeric else { return }
    // newfstatat tells of the descriptor itself only with an empty path.
    if name == .fstatat {
      guard let path = try argument(&place).text, path.isEmpty else { return }
    }
    guard place.contains("S_IFREG"), let size = place.number(after: "st_size=") else { return }
    learnSize(size, descriptor, place, of: task)
  }

  /// `fallocate(3, MODE, OFFSET, LENGTH)` of mode 0 may let the file grow.
  private func allocated(_ place: inout LineCursor, of task: StraceTask) throws(BadInput) {
    let descriptor = try argument(&place)
    let mode = try argument(&place)
    guard mode.value == 0, mode.isNumeric else { return names.count("fallocate with a mode") }
    let offset = try argument(&place)
    let length = try argument(&place)
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
    task.descriptors[number] = entry
    if let changed { emit(.fileSize(file: changed, bytes: size), task: task) }
  }

  /// What is open as `number`; strace's `-y` has the last word on its name.
  func openFile(
    _ number: Int32, _ descriptor: StraceArgument, _ line: LineCursor, of task: StraceTask
  ) -> OpenFile {
    let known = task.descriptors[number]
    guard let range = descriptor.path else {
      return known ?? OpenFile(path: Array("descriptor \(number)".utf8))
    }
    let path = unsafe line.bytes(range)
    if let known, unsafe known.path.isPath(path) { return known }
    let deleted = descriptor.isDeleted ? Array(" (deleted)".utf8) : []
    return unsafe OpenFile(path: Array(path) + deleted)
  }
}

extension [UInt8] {
  /// Whether this is `path`; a file that was deleted keeps its identity.
  fileprivate func isPath(_ path: UnsafeBufferPointer<UInt8>) -> Bool {
    unsafe withUnsafeBufferPointer { known in
      let suffix: StaticString = " (deleted)"
      let common = Swift.min(known.count, path.count)
      // SAFETY: both hold `common` bytes.
      guard unsafe common == 0 || memcmp(known.baseAddress!, path.baseAddress!, common) == 0 else {
        return false
      }
      if known.count == path.count { return true }
      let rest = unsafe UnsafeBufferPointer(
        rebasing: known.count > common ? known[common...] : path[common...])
      // SAFETY: the literal holds as many bytes as it says.
      return unsafe rest.count == suffix.utf8CodeUnitCount
        && memcmp(rest.baseAddress!, suffix.utf8Start, rest.count) == 0
    }
  }
}
