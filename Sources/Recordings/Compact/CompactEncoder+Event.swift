internal import MemoryTypes

extension CompactEncoder {
  mutating func put(_ event: RecordedEvent) {
    switch event.body {
    case .call(let call): putCall(call, event)
    case .exec(let image):
      putEntry(.exec, event)
      put(image)
    case .fork(let child, let sharesMemory):
      putEntry(.fork, event, flags: sharesMemory ? CompactFormat.EntryFlag.sharesMemory : 0)
      put(signed: Int64(child))
    case .exit(let status):
      putEntry(.exit, event)
      put(signed: Int64(status))
    case .fault(let address, let access): putFault(address, access, event)
    case .mapsChange(let removed, let added):
      putEntry(.mapsChange, event)
      put(removed)
      put(added)
    case .maps(let lines):
      putEntry(.maps, event)
      put(lines)
    case .fileSize(let file, let size): putFileSize(file, size, event)
    case .probe(let probe):
      putEntry(.probe, event)
      put(probe)
    case .accesses(let accesses):
      putEntry(.accesses, event)
      put(accesses)
    }
  }

  mutating func put(_ file: RecordedFile) {
    put(byte: CompactFormat.EntryTag.file.rawValue)
    put(file.path)
    put(optional: file.size)
    put(byte: file.fileSystem.rawValue)
  }

  private mutating func putEntry(
    _ tag: CompactFormat.EntryTag, _ event: RecordedEvent, flags: UInt8 = 0
  ) {
    let isOtherTask = event.task != deltas.task
    put(byte: tag.rawValue | flags | (isOtherTask ? CompactFormat.EntryFlag.otherTask : 0))
    put(event.time, relativeTo: deltas.time)
    if isOtherTask { put(signed: Int64(event.task)) }
    deltas.time = event.time
    deltas.task = event.task
  }

  private mutating func putFault(
    _ address: UInt64, _ access: AccessKind, _ event: RecordedEvent
  ) {
    putEntry(.fault, event, flags: access.rawValue << CompactFormat.EntryFlag.accessShift)
    put(address, relativeTo: deltas.faultAddress)
    deltas.faultAddress = address
  }

  private mutating func putFileSize(_ file: FileID, _ size: UInt64, _ event: RecordedEvent) {
    putEntry(.fileSize, event)
    put(UInt64(file.rawValue))
    put(size)
  }

  private mutating func putCall(_ call: RecordedCall, _ event: RecordedEvent) {
    let result = UInt64(bitPattern: call.result)
    // A result that is an address lies near the one before; an error number lies near 0.
    let isRelative = result &- deltas.address &+ (1 << 40) < 1 << 41
    let isSmall = result &+ (1 << 20) < 1 << 21
    let relative = isRelative && !isSmall ? CompactFormat.EntryFlag.relativeResult : 0
    let file = call.file == nil ? 0 : CompactFormat.EntryFlag.hasFile
    putEntry(.call, event, flags: relative | file)
    put(byte: call.name.rawValue)
    putArguments(call)
    if let id = call.file { put(UInt64(id.rawValue)) }
    let base = relative == 0 ? 0 : deltas.address
    put(result, relativeTo: base)
    if relative != 0 { deltas.address = result } else { deltas.address = call.arguments.a0 }
  }

  /// The number of arguments up to the last that is not 0, with the descriptor's access above it.
  private mutating func putArguments(_ call: RecordedCall) {
    let a = call.arguments
    let words: InlineArray<6, UInt64> = [a.a0, a.a1, a.a2, a.a3, a.a4, a.a5]
    var count = 6
    while count > 0, words[count - 1] == 0 { count -= 1 }
    put(byte: UInt8(count) | call.fileAccess.rawValue << 4)
    for index in 0..<count {
      put(words[index], relativeTo: index == 0 ? deltas.address : 0)
    }
  }

  private mutating func put(_ image: ExecImage) {
    put(image.path)
    put(image.mappings)
    put(count: image.files.count)
    for file in image.files { put(file.map { UInt64($0.rawValue) + 1 } ?? 0) }
    put(optional: image.programBreak)
    put(byte: image.origin.rawValue)
  }
}
