internal import AddressSpaces
internal import KernelCore
internal import MemoryTypes
internal import Recordings

/// The recorded maps, followed line by line and compared with the kernel's.
extension Replayer {
  /// Notes that the maps are to be compared once all changes of this event are known.
  func expectMaps(_ event: RecordedEvent, _ what: String, mustAdopt: Bool) {
    expectMaps(task: event.task, event.position, what, mustAdopt: mustAdopt)
  }

  func expectMaps(task: Int32, _ position: Int, _ what: String, mustAdopt: Bool) {
    pendingMaps = PendingMaps(task: task, position: position, what: what, mustAdopt: mustAdopt)
  }

  /// Applies a recorded change to what is known of the maps.
  func expectChange(_ event: RecordedEvent, _ removed: [MapLine], _ added: [MapLine]) {
    guard let task = tasks[event.task] else { return }
    if pendingMaps?.task != event.task {
      settlePendingMaps()
      expectMaps(event, "a change of the maps", mustAdopt: false)
    }
    guard var lines = task.truth.lines else { return }
    let gone = Set(removed.map(\.start))
    if !gone.isEmpty { lines.removeAll { gone.contains($0.start) } }
    for line in visible(added) {
      let index = lines.firstIndex { $0.start > line.start } ?? lines.endIndex
      lines.insert(line, at: index)
    }
    task.truth.lines = lines
  }

  /// Compares what the last event should have led to with what it did.
  func settlePendingMaps() {
    guard let pending = pendingMaps else { return }
    pendingMaps = nil
    guard let task = tasks[pending.task], let lines = task.truth.lines else { return }
    report.checked.maps += 1
    guard let difference = firstDifference(lines, task.kernelTask) else { return }
    if pending.mustAdopt {
      report.adopted["maps after \(pending.what)", default: 0] += 1
    } else {
      note(
        position: pending.position, task: pending.task, "maps after \(pending.what)",
        difference.recorded, difference.replayed)
    }
    adopt(lines, task, pending)
  }

  /// A whole maps text that the recording holds.
  func compareWhole(_ lines: [MapLine], _ event: RecordedEvent) {
    guard let task = tasks[event.task] else { return }
    task.truth.lines = task.truth.lines == nil ? nil : visible(lines)
    report.checked.maps += 1
    if let difference = firstDifference(visible(lines), task.kernelTask) {
      note(event, "maps", difference.recorded, difference.replayed)
    }
  }

  /// The first line that differs, on both sides; nil when all are equal.
  private func firstDifference(
    _ lines: [MapLine], _ task: Ref<Task>
  ) -> (recorded: String, replayed: String)? {
    let space = task.pointee.space
    var area = space.pointee.vmas.first
    for line in lines {
      guard let vma = area else { return (line.description, "no more lines") }
      if !isEqual(vma, line, space) { return (line.description, self.line(vma, space).description) }
      area = space.pointee.vmas.next(vma)
    }
    return area.map { ("no more lines", line($0, space).description) }
  }

  private func isEqual(_ vma: Ref<VMA>, _ line: MapLine, _ space: Ref<AddressSpace>) -> Bool {
    let area = vma.pointee
    return UInt64(area.start.rawValue) == line.start && UInt64(area.end.rawValue) == line.end
      && permissions(area.flags) == line.permissions
      && area.fileOffset(space.pointee.pageSize) == line.offset && path(vma, space) == line.path
  }

  private func line(_ vma: Ref<VMA>, _ space: Ref<AddressSpace>) -> MapLine {
    MapLine(
      start: UInt64(vma.pointee.start.rawValue), end: UInt64(vma.pointee.end.rawValue),
      permissions: permissions(vma.pointee.flags),
      offset: vma.pointee.fileOffset(space.pointee.pageSize), path: path(vma, space))
  }

  private func permissions(_ flags: VMAFlags) -> MapPermissions {
    var letters: MapPermissions = []
    if flags.contains(.read) { letters.insert(.read) }
    if flags.contains(.write) { letters.insert(.write) }
    if flags.contains(.execute) { letters.insert(.execute) }
    if flags.contains(.mayShare) { letters.insert(.shared) }
    return letters
  }

  private func path(_ vma: Ref<VMA>, _ space: Ref<AddressSpace>) -> String {
    switch space.pointee.label(of: vma) {
    case .none: ""
    case .file: pathText(vma)
    case .sharedAnonymous: "/dev/zero (deleted)"
    case .named: "[anon:\(nameText(vma))]"
    case .namedShared: "[anon_shmem:\(nameText(vma))]"
    case .heap: "[heap]"
    case .stack: "[stack]"
    case .vdso: "[vdso]"
    case .vvar: "[vvar]"
    case .vvarClock: "[vvar_vclock]"
    }
  }

  private func nameText(_ vma: Ref<VMA>) -> String {
    var collector = ByteCollector()
    vma.pointee.name?.pointee.write(to: &collector)
    return String(decoding: collector.bytes, as: UTF8.self)
  }

  private func pathText(_ vma: Ref<VMA>) -> String {
    var collector = ByteCollector()
    vma.pointee.file?.pointee.name.write(to: &collector)
    return String(decoding: collector.bytes, as: UTF8.self)
  }

  /// Makes the kernel's maps those of the recording: what differs is unmapped and added anew.
  private func adopt(_ lines: [MapLine], _ task: ReplayedTask, _ pending: PendingMaps) {
    let space = task.kernelTask.pointee.space
    let event = RecordedEvent(position: pending.position, task: pending.task, .maps([]))
    let wanted = Dictionary(lines.map { ($0.start, $0) }, uniquingKeysWith: { first, _ in first })
    var kept: Set<UInt64> = []
    var area = space.pointee.vmas.first
    while let vma = area {
      area = space.pointee.vmas.next(vma)
      let start = UInt64(vma.pointee.start.rawValue)
      if let line = wanted[start], isEqual(vma, line, space) {
        kept.insert(start)
      } else {
        let range = vma.pointee.range
        try? computer.kernel.munmap(
          task.kernelTask, address: range.start.rawValue, length: range.count.rawValue)
      }
    }
    for line in lines where !kept.contains(line.start) { add(line, file: nil, to: space, event) }
  }
}

/// Collects what the core writes.
struct ByteCollector: TextSink {
  var bytes: [UInt8] = []
  mutating func write(_ byte: UInt8) { bytes.append(byte) }
}
