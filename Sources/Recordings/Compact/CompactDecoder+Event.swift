internal import MemoryTypes

/// What stands at one place of an events chunk.
enum CompactEntry {
  case event(time: UInt64, task: Int32, RecordedEvent.Body)
  case file(RecordedFile)
}

extension CompactDecoder {
  /// The next entry; `fileCount` is the length of the file table so far.
  mutating func takeEntry(fileCount: Int) throws(CompactDamage) -> CompactEntry {
    let first = try takeByte()
    guard let tag = CompactFormat.EntryTag(rawValue: first & 0x0f) else {
      throw CompactDamage(expected: "a known kind of entry")
    }
    if tag == .file { return .file(try takeFile()) }
    deltas.time = try takeNumber(relativeTo: deltas.time)
    if first & CompactFormat.EntryFlag.otherTask != 0 { deltas.task = try takeInt32() }
    let body = try takeBody(tag, flags: first & 0xe0, fileCount)
    return .event(time: deltas.time, task: deltas.task, body)
  }

  private mutating func takeBody(
    _ tag: CompactFormat.EntryTag, flags: UInt8, _ fileCount: Int
  ) throws(CompactDamage) -> RecordedEvent.Body {
    switch tag {
    case .call: return .call(try takeCall(flags: flags, fileCount))
    case .exec: return .exec(try takeImage(fileCount))
    case .fork:
      let sharesMemory = flags & CompactFormat.EntryFlag.sharesMemory != 0
      return .fork(child: try takeInt32(), sharesMemory: sharesMemory)
    case .exit: return .exit(status: try takeInt32())
    case .fault: return try takeFault(flags: flags)
    case .mapsChange:
      let removed = try takeMapLines()
      return .mapsChange(removed: removed, added: try takeMapLines())
    case .maps: return .maps(try takeMapLines())
    case .fileSize:
      let file = try takeFileID(fileCount)
      return .fileSize(file: file, bytes: try takeNumber())
    case .probe: return .probe(try takeProbe())
    case .accesses: return .accesses(try takeAccesses())
    case .file: throw CompactDamage(expected: "an event")
    }
  }

  private mutating func takeFile() throws(CompactDamage) -> RecordedFile {
    let path = try takeText()
    let size = try takeOptional()
    return RecordedFile(path: path, size: size, fileSystem: try takeCase(of: FileSystemKind.self))
  }

  private mutating func takeFault(flags: UInt8) throws(CompactDamage) -> RecordedEvent.Body {
    let address = try takeNumber(relativeTo: deltas.faultAddress)
    deltas.faultAddress = address
    guard let access = AccessKind(rawValue: flags >> CompactFormat.EntryFlag.accessShift) else {
      throw CompactDamage(expected: "a known kind of access")
    }
    return .fault(address: address, access: access)
  }

  private mutating func takeCall(
    flags: UInt8, _ fileCount: Int
  ) throws(CompactDamage) -> RecordedCall {
    let name = try takeCase(of: CallName.self)
    let shape = try takeByte()
    guard let access = RecordedCall.FileAccess(rawValue: shape >> 4), shape & 0x0f <= 6 else {
      throw CompactDamage(expected: "at most six arguments and a known access mode")
    }
    let arguments = try takeArguments(count: Int(shape & 0x0f))
    let hasFile = flags & CompactFormat.EntryFlag.hasFile != 0
    let file = hasFile ? try takeFileID(fileCount) : nil
    let isRelative = flags & CompactFormat.EntryFlag.relativeResult != 0
    let result = try takeNumber(relativeTo: isRelative ? deltas.address : 0)
    deltas.address = isRelative ? result : arguments.a0
    return RecordedCall(
      name, arguments, file: file, fileAccess: access, result: Int64(bitPattern: result))
  }

  private mutating func takeArguments(
    count: Int
  ) throws(CompactDamage) -> RecordedCall.Arguments {
    var words: InlineArray<6, UInt64> = .init(repeating: 0)
    for index in 0..<count {
      words[index] = try takeNumber(relativeTo: index == 0 ? deltas.address : 0)
    }
    return RecordedCall.Arguments(words[0], words[1], words[2], words[3], words[4], words[5])
  }

  private mutating func takeFileID(_ fileCount: Int) throws(CompactDamage) -> FileID {
    let number = try takeNumber()
    guard number < UInt64(fileCount) else {
      throw CompactDamage(expected: "a file of the table")
    }
    return FileID(UInt32(truncatingIfNeeded: number))
  }

  private mutating func takeImage(_ fileCount: Int) throws(CompactDamage) -> ExecImage {
    let path = try takeText()
    let mappings = try takeMapLines()
    let count = try takeCount()
    var files: [FileID?] = []
    for _ in 0..<count {
      let number = try takeNumber()
      guard number <= UInt64(fileCount) else {
        throw CompactDamage(expected: "a file of the table")
      }
      files.append(number == 0 ? nil : FileID(UInt32(truncatingIfNeeded: number - 1)))
    }
    let programBreak = try takeOptional()
    return ExecImage(
      path: path, mappings: mappings, files: files, programBreak: programBreak,
      origin: try takeCase(of: ExecImage.Origin.self))
  }
}
