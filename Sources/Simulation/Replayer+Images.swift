internal import AddressSpaces
internal import KernelCore
internal import Machine
internal import MemoryTypes
internal import Recordings

/// Program images and files.
extension Replayer {
  /// Adds the mappings that `execve` made, and the page of the stack that it wrote to.
  func install(_ image: ExecImage, _ task: ReplayedTask, _ event: RecordedEvent) {
    let space = task.kernelTask.pointee.space
    for (index, line) in image.mappings.enumerated() where isVisible(line) {
      let file = image.files.indices.contains(index) ? image.files[index] : nil
      add(line, file: file, to: space, event)
    }
    if let code = image.mappings.first(where: \.isProgramText) {
      space.pointee.image.code = VirtualRange(
        VirtualAddress(UInt(code.start)), VirtualAddress(UInt(code.end)))
    }
    if let address = image.programBreak {
      let start = VirtualAddress(UInt(address))
      space.pointee.setHeap(start: start, programBreak: start)
    }
    if let stack = image.mappings.first(where: { $0.path == "[stack]" }) {
      let last = VirtualAddress(UInt(stack.end) - 1)
      try? computer.kernel.pageFault(task.kernelTask, at: last, .write)
    }
  }

  /// Adds one area as a maps line describes it.
  func add(
    _ line: MapLine, file: FileID?, to space: Ref<AddressSpace>, _ event: RecordedEvent
  ) {
    let range = VirtualRange(VirtualAddress(UInt(line.start)), VirtualAddress(UInt(line.end)))
    let pageSize = computer.configuration.pageSize
    let mapped = self.file(of: line, file)
    let offset =
      mapped == nil
      ? pageSize.pageNumber(of: range.start) : UInt(line.offset >> UInt64(pageSize.shift))
    let area = VMA(
      range: range, flags: line.areaFlags, pageOffset: offset, file: mapped,
      special: line.special)
    do { try space.pointee.addImageArea(area) } catch {
      note(event, "a mapping of the image", line.description, "\(error)")
    }
    if line.path == "/dev/zero (deleted)", let mapped { computer.kernel.services.release(mapped) }
  }

  /// The file behind a line's path; nil for anonymous memory and the kernel's own pages.
  private func file(of line: MapLine, _ id: FileID?) -> Ref<MappedFile>? {
    if line.path == "/dev/zero (deleted)" { return sharedMemory(line.end - line.start) }
    guard !line.path.isEmpty, !line.path.hasPrefix("[") else { return nil }
    if let id { return file(id) }
    return file(path: line.path, size: nil, .unknown)
  }

  private func sharedMemory(_ size: UInt64) -> Ref<MappedFile>? {
    let name: [UInt8] = []
    return try? computer.kernel.services.makeFile(
      .sharedMemory, size: size, name: name.span, alignsToHugePages: false)
  }

  /// The descriptor argument of a recorded `mmap`.
  func openFile(_ call: RecordedCall) -> OpenFile {
    guard let id = call.file, let file = file(id) else { return .none }
    let access: MapRequest.FileAccess =
      switch call.fileAccess {
      case .readOnly: .read
      case .writeOnly: .write
      case .readWrite, .unknown: [.read, .write]
      }
    // The descriptors of an oracle's subject are never closed: each number is an opening.
    let opening = reader.header.source == .oracle ? call.descriptor : 0
    return .file(file, access, opening: UInt32(truncatingIfNeeded: opening))
  }

  private func file(_ id: FileID) -> Ref<MappedFile>? {
    let recorded = reader.files[Int(id.rawValue)]
    let isNew = files[recorded.path] == nil
    let file = file(path: recorded.path, size: recorded.size, recorded.fileSystem)
    if isNew, let file, let contents = recorded.contents { fill(file, contents) }
    return file
  }

  /// Puts the bytes into a new file that a recording says were there, and writes them to its disk.
  private func fill(_ file: Ref<MappedFile>, _ contents: RecordedFile.ByteFormula) {
    // Byte i depends on i modulo 256 only.
    let block = (0..<4096).map { contents.byte(at: UInt64($0)) }
    var offset: UInt64 = 0
    while comparesValues, offset < contents.count {
      let count = Int(min(contents.count - offset, UInt64(block.count)))
      try? computer.kernel.services.write(
        block.span.extracting(first: count), to: file, at: offset)
      offset += UInt64(count)
    }
    computer.kernel.writeBack(file, from: 0, through: .max)
  }

  private func file(
    path: String, size: UInt64?, _ kind: FileSystemKind
  ) -> Ref<MappedFile>? {
    if let known = files[path] { return known.file }
    let bytes = Array(path.utf8)
    let made = try? computer.kernel.services.makeFile(
      kind.fileKind, size: size ?? UInt64(Int64.max), name: bytes.span,
      alignsToHugePages: kind.alignsToHugePages)
    if let made { files[path] = ReplayedFile(file: made) }
    return made
  }

  func setSize(of id: FileID, _ bytes: UInt64) {
    file(id)?.pointee.size = bytes
  }

  /// The vsyscall page is no VMA, and the kernel's own half is not the process's.
  func isVisible(_ line: MapLine) -> Bool {
    line.end <= UInt64(computer.configuration.layout.taskSize.rawValue)
  }

  func visible(_ lines: [MapLine]) -> [MapLine] { lines.filter(isVisible) }
}

extension FileSystemKind {
  /// Which file systems have large mappings aligned to huge pages: those whose `get_unmapped_area` is
  /// `thp_get_unmapped_area()`. Memory file systems do so only when told to by a mount option.
  var alignsToHugePages: Bool {
    switch self {
    case .ext4, .xfs, .btrfs, .unknown: true
    case .tmpfs, .memfd, .overlay, .proc, .device, .other: false
    }
  }

  var fileKind: MappedFile.Kind {
    switch self {
    case .tmpfs, .memfd: .sharedMemory
    case .device: .device
    default: .regular
    }
  }
}

extension MapLine {
  /// Executable code of a file.
  var isProgramText: Bool {
    permissions.contains(.execute) && !path.isEmpty && !path.hasPrefix("[")
  }

  /// What the kernel installs by itself.
  var special: VMA.SpecialMapping {
    switch path {
    case "[vdso]": .vdso
    case "[vvar]": .vvar
    case "[vvar_vclock]": .vvarClock
    default: .none
    }
  }

  /// The flags of an area that looks like this line after `execve`.
  var areaFlags: VMAFlags {
    var flags: VMAFlags = [.mayRead, .mayWrite, .mayExecute]
    if permissions.contains(.read) { flags.insert(.read) }
    if permissions.contains(.write) { flags.insert(.write) }
    if permissions.contains(.execute) { flags.insert(.execute) }
    if permissions.contains(.shared) { flags.formUnion([.shared, .mayShare]) }
    if path == "[stack]" { flags.insert(.growsDown) }
    if special == .vvar || special == .vvarClock {
      flags.subtract([.mayWrite, .mayExecute])
      flags.formUnion([.device, .dontExpand, .dontDump, .rawFrames])
    } else if special == .vdso {
      flags.insert(.dontExpand)
    } else if flags.isAccountable {
      flags.insert(.accounted)
    }
    return flags
  }

  /// The line as `/proc/PID/maps` has it.
  var description: String {
    let letters =
      (permissions.contains(.read) ? "r" : "-") + (permissions.contains(.write) ? "w" : "-")
      + (permissions.contains(.execute) ? "x" : "-") + (permissions.contains(.shared) ? "s" : "p")
    let numbers = "\(hex(start))-\(hex(end)) \(letters) \(hex(offset))"
    return path.isEmpty ? numbers : "\(numbers) \(path)"
  }

  private func hex(_ value: UInt64) -> String { String(value, radix: 16) }
}
