/// Builds images from the program headers that a folder's `files.json` holds.
struct FactImages: ExecImageSource {
  private let facts: FolderFacts
  private let environment: ExecEnvironment

  init(facts: FolderFacts, environment: ExecEnvironment = .running) {
    self.facts = facts
    self.environment = environment
  }

  func image(path: String, family: String, index: Int) -> ExecImage? {
    guard let program = elf(path) else { return nil }
    guard let name = program.interpreter else {
      return ExecImage.built(from: program, interpreter: nil, in: environment)
    }
    return ExecImage.built(from: program, interpreter: interpreter(name), in: environment)
  }

  func fileSize(path: String) -> UInt64? { facts.files[path]?.size }

  /// The facts hold the interpreter under its real path, the program names a link to it.
  private func interpreter(_ name: String) -> ELFFile? {
    let last = name.split(separator: "/").last ?? ""
    let path = facts.files.keys.sorted().first { $0.split(separator: "/").last == last }
    return elf(facts.files[name] != nil ? name : path ?? name)
  }

  private func elf(_ path: String) -> ELFFile? {
    guard let file = facts.files[path], let headers = file.segments, let size = file.size,
      let kind: ELFFile.Kind = ["EXEC": .fixed, "DYN": .movable][file.type ?? ""]
    else { return nil }
    return ELFFile(
      path: path, size: size, kind: kind, headers: headers, interpreter: file.interpreter)
  }
}

extension ELFFile {
  /// The file that readelf described, an x86-64 one; nil when a header is not understood.
  init?(path: String, size: UInt64, kind: Kind, headers: [[String]], interpreter: String?) {
    (self.path, self.size, self.kind, is64Bit, machine, entry) = (path, size, kind, true, 62, 0)
    self.interpreter = interpreter
    (segments, hasExecutableStack) = ([], false)
    for header in headers {
      switch header.first {
      case "LOAD":
        guard let segment = Segment(readelf: header), segment.fileSize <= segment.memorySize,
          segment.address < 1 << 46, segment.memorySize < 1 << 46,
          segments.last.map({ $0.end <= segment.address }) ?? true
        else { return nil }
        segments.append(segment)
      case "GNU_STACK": hasExecutableStack = header.contains("E") || header.contains("RWE")
      default: break
      }
    }
    if segments.isEmpty { return nil }
  }
}

extension ELFFile.Segment {
  /// Columns: type, offset, address, physical address, file size, memory size, flags, alignment.
  fileprivate init?(readelf columns: [String]) {
    func number(_ text: String) -> UInt64? {
      text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : nil
    }
    guard columns.count >= 8, let offset = number(columns[1]), let address = number(columns[2]),
      let fileSize = number(columns[4]), let memorySize = number(columns[5]),
      let alignment = number(columns[columns.count - 1]), alignment & (alignment &- 1) == 0
    else { return nil }
    var permissions: MapPermissions = []
    for letter in columns[6..<columns.count - 1].joined() {
      switch letter {
      case "R": permissions.insert(.read)
      case "W": permissions.insert(.write)
      case "E": permissions.insert(.execute)
      default: return nil
      }
    }
    self.init(
      offset: offset, address: address, fileSize: fileSize, memorySize: memorySize,
      permissions: permissions, alignment: alignment)
  }
}
