internal import MemoryTypes

extension OracleReader {
  /// A name that stands for a descriptor in the calls of a log.
  struct Descriptor {
    var name: String
    var number: UInt64
    var file: FileID
    var access: RecordedCall.FileAccess
  }

  func readHeader() throws(BadInput) {
    guard let first = try lines.next(), first.matches("# mmoracle 1", from: 0), first.end == 12
    else {
      throw BadInput(
        file: lines.name, line: 1, expected: "'# mmoracle 1'", found: "another first line")
    }
    while var line = try lines.next() {
      if line.skip("# ") {
        try headerLine(&line)
      } else if line.skip("| ") {
        let start = line
        guard let map = line.mapLine(paths: &paths) else {
          throw lines.bad("a line of maps", at: start)
        }
        header.initialMaps.append(map)
      } else {
        lines.putBack()
        return
      }
    }
  }

  private func headerLine(_ line: inout LineCursor) throws(BadInput) {
    if line.matches("file ", from: line.position) { return try fileLine(&line) }
    if line.skip("descriptors ") { return try descriptorLine(&line) }
    if line.skip("pagemap ") { return try pagemapLine(&line) }
    if line.skip("brk start ") {
      header.programBreak = try number("the initial break", &line)
      return
    }
    while !line.isAtEnd {
      let name = text(&line)
      let value = line
      try headerWord(name, text(&line), at: value)
    }
  }

  /// The text up to the next blank, which is stepped over.
  private func text(_ line: inout LineCursor) -> String {
    let range = line.text(before: UInt8(ascii: " ")) ?? line.position..<line.end
    line.position = min(range.upperBound + 1, line.end)
    return line.string(range)
  }

  private func headerWord(
    _ name: String, _ value: String, at place: LineCursor
  ) throws(BadInput) {
    var place = place
    switch name {
    case "kernel": header.kernel = value
    case "arch": header.architecture = value
    case "thp": header.transparentHugePages = value
    case "shmem_thp": header.sharedMemoryHugePages = value
    case "personality": header.hasRandomLayout = !value.contains("ADDR_NO_RANDOMIZE")
    case "page": header.pageSize = try number("the page size", &place)
    case "calls": announcedSteps = try number("the number of steps", &place)
    case "overcommit": header.overcommit = Int(clamping: try number("0, 1 or 2", &place))
    case "max_map_count": header.maxMapCount = try number("a number of mappings", &place)
    case "task_size": header.taskSize = try number("an address", &place)
    case "mmap_min_addr": header.mmapMinimumAddress = try number("an address", &place)
    case "stack_limit", "rlimit_stack": header.stackLimit = try limit(value, &place)
    case "rlimit_as": header.addressSpaceLimit = try limit(value, &place)
    case "rlimit_data": header.dataLimit = try limit(value, &place)
    case "rlimit_memlock": header.lockedLimit = try limit(value, &place)
    case "mem_total_kb": header.totalMemory = try kilobytes(&place)
    case "stack_guard_gap_pages": header.stackGuardGapPages = try number("pages", &place)
    case "hpage_pmd_size": header.hugePageSize = try number("a size in bytes", &place)
    default: ignored["header word \(name)", default: 0] += 1
    }
  }

  /// A limit in bytes; nil for "inf".
  private func limit(_ value: String, _ place: inout LineCursor) throws(BadInput) -> UInt64? {
    value == "inf" ? nil : try number("a limit in bytes or 'inf'", &place)
  }

  private func kilobytes(_ place: inout LineCursor) throws(BadInput) -> UInt64 {
    let start = place
    let (bytes, tooBig) = try number("a size in kB", &place).multipliedReportingOverflow(by: 1024)
    guard !tooBig else { throw lines.bad("a size in kB", at: start) }
    return bytes
  }

  /// `# file A path P fs F size N content: … ; file B … ; memfd M size N content: …`
  private func fileLine(_ line: inout LineCursor) throws(BadInput) {
    repeat {
      let isMemory = line.skip("memfd ")
      guard isMemory || line.skip("file ") else { throw lines.bad("'file' or 'memfd'", at: line) }
      let name = text(&line)
      var file = RecordedFile(
        path: "/memfd:mmoracle.\(name) (deleted)", fileSystem: isMemory ? .memfd : .unknown)
      while !line.isAtEnd {
        if line.skip("content:") {
          file.contents = contents(line, size: file.size ?? 0)
          break
        }
        let key = text(&line)
        let value = line
        try fileWord(key, text(&line), at: value, of: &file)
      }
      descriptors.append(
        Descriptor(
          name: name, number: 0, file: FileID(UInt32(files.count)), access: .unknown))
      files.append(file)
      while !line.isAtEnd, !line.matches(" ; ", from: line.position) { line.position += 1 }
    } while line.skip(" ; ")
  }

  /// `byte i = (i*7+13)&0xff`, and ` for i < 524288` where the rest is a hole; nil for other words.
  private func contents(_ text: LineCursor, size: UInt64) -> RecordedFile.ByteFormula? {
    var line = text
    guard line.skip(" byte i = (i*"), let factor = line.number(), line.skip("+"),
      let offset = line.number(), line.skip(")&0xff")
    else { return nil }
    let count = line.skip(" for i < ") ? line.number() : size
    return RecordedFile.ByteFormula(
      factor: UInt8(truncatingIfNeeded: factor), offset: UInt8(truncatingIfNeeded: offset),
      count: min(count ?? size, size))
  }

  private func fileWord(
    _ key: String, _ value: String, at place: LineCursor, of file: inout RecordedFile
  ) throws(BadInput) {
    var digits = place
    switch key {
    case "path": file.path = value
    case "size": file.size = try number("a size in bytes", &digits)
    case "fs": file.fileSystem = FileSystemKind(name: value)
    default: throw lines.bad("'path', 'fs', 'size' or 'content:'", at: place)
    }
  }

  /// `# descriptors A O_RDWR on A, Ar O_RDONLY on A, …`; numbers from 3 up in that order.
  private func descriptorLine(_ line: inout LineCursor) throws(BadInput) {
    let byFile = descriptors
    descriptors = []
    repeat {
      let start = line
      let name = line.string(line.word())
      guard line.skip(" "), let access = access(line.string(line.word())), line.skip(" on ")
      else { throw lines.bad("'NAME O_… on FILE'", at: start) }
      let target = line.string(line.word())
      guard let file = byFile.first(where: { $0.name == target })?.file else {
        throw lines.bad("a descriptor of a file named before", at: start)
      }
      descriptors.append(
        Descriptor(
          name: name, number: UInt64(3 + descriptors.count), file: file, access: access))
    } while line.skip(", ")
    guard line.isAtEnd else { throw lines.bad("the end of the line", at: line) }
  }

  private func access(_ mode: String) -> RecordedCall.FileAccess? {
    switch mode {
    case "O_RDONLY": .readOnly
    case "O_WRONLY": .writeOnly
    case "O_RDWR": .readWrite
    default: nil
    }
  }

  private func pagemapLine(_ line: inout LineCursor) throws(BadInput) {
    let address = try number("an address", &line)
    try expect(" ", &line)
    header.initialPages.append(.init(address: address, states: try pageStates(&line)))
  }

  /// A number: decimal, `0x…`, or NULL.
  func number(_ what: String, _ line: inout LineCursor) throws(BadInput) -> UInt64 {
    let start = line
    if line.skip("NULL") { return 0 }
    guard let value = line.number() else { throw lines.bad(what, at: start) }
    return value
  }
}

extension FileSystemKind {
  /// The kind by the name of `/proc/filesystems`.
  init(name: String) {
    switch name {
    case "ext4": self = .ext4
    case "tmpfs", "ramfs": self = .tmpfs
    case "xfs": self = .xfs
    case "btrfs": self = .btrfs
    case "overlay": self = .overlay
    case "proc": self = .proc
    default: self = .other
    }
  }
}
