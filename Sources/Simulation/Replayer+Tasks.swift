internal import AddressSpaces
internal import KernelCore
internal import Machine
internal import MemoryTypes
internal import Recordings

/// Tasks: they begin, execute programs, fork and end.
extension Replayer {
  /// The task of an event, made on the spot when the recording begins in its middle.
  func task(of event: RecordedEvent) -> ReplayedTask? {
    if let task = tasks[event.task] { return task }
    let truth = RecordedSpace(lines: nil)
    truth.isUnknown = true
    truth.learnsBreak = true
    return addTask(event.task, truth, event)
  }

  /// An oracle's subject stands before the first step.
  func beginOracle() {
    let header = reader.header
    guard header.source == .oracle else { return }
    let truth = RecordedSpace(lines: visible(header.initialMaps))
    let start = RecordedEvent(position: 0, task: 0, .maps([]))
    guard let task = addTask(0, truth, start) else { return }
    let image = ExecImage(
      path: "", mappings: header.initialMaps, files: header.initialMaps.map { _ in nil },
      programBreak: header.programBreak, origin: .recorded)
    install(image, task, start)
    for pages in header.initialPages { bringIn(pages, task.kernelTask) }
  }

  /// Pages that an oracle's subject has before the first step: by a write where it may write.
  private func bringIn(_ pages: RecordingHeader.InitialPages, _ task: Ref<Task>) {
    let bytes = computer.configuration.pageSize.bytes.rawValue
    for (index, state) in pages.states.enumerated() where state == .present {
      let address = VirtualAddress(UInt(pages.address) &+ UInt(index) &* bytes)
      guard let vma = task.pointee.space.pointee.vmas.vma(at: address) else { continue }
      let isWritable = vma.pointee.flags.contains(.write)
      try? computer.kernel.pageFault(task, at: address, isWritable ? .write : .read)
    }
  }

  func fork(_ child: Int32, sharesMemory: Bool, _ event: RecordedEvent) {
    guard let parent = task(of: event) else { return }
    report.processes.forks += 1
    if !sharesMemory, !tellsAccesses {
      let count = parent.kernelTask.pointee.space.pointee.assumeWritten()
      if count > 0 { report.adopted["written areas at a fork", default: 0] += count }
    }
    do {
      let task = try computer.kernel.fork(
        parent.kernelTask, id: child, sharesMemory: sharesMemory)
      let truth = sharesMemory ? parent.truth : parent.truth.copy()
      tasks[child] = ReplayedTask(kernelTask: task, truth: truth)
      report.processes.tasks += 1
      if !sharesMemory { expectMaps(task: child, event.position, "fork", mustAdopt: false) }
    } catch {
      note(event, "fork", "child \(child)", Replayer.text(-Int64(error.rawValue)))
    }
  }

  func exit(_ event: RecordedEvent) {
    report.processes.exits += 1
    guard let task = tasks.removeValue(forKey: event.task) else { return }
    end(task)
  }

  /// Whether the recording tells what was read and written, by accesses or by page faults.
  private var tellsAccesses: Bool {
    switch reader.header.source {
    case .oracle, .compact, .accesses: true
    case .folder, .strace: false
    }
  }

  /// Whether the recording tells every change of the maps, not only what they are now and then.
  private var followsMaps: Bool {
    switch reader.header.source {
    case .oracle, .folder: true
    case .strace, .compact, .accesses: false
    }
  }

  func execute(_ image: ExecImage, _ event: RecordedEvent) {
    report.processes.executions += 1
    let truth = RecordedSpace(lines: followsMaps ? visible(image.mappings) : nil)
    truth.isUnknown = image.origin == .unknown
    truth.learnsBreak = image.programBreak == nil
    guard var task = tasks[event.task] ?? addTask(event.task, truth, event) else { return }
    forget(task)
    do { try computer.kernel.exec(task.kernelTask) } catch {
      return note(event, "execve", "0", Replayer.text(-Int64(error.rawValue)))
    }
    task.truth = truth
    tasks[event.task] = task
    install(image, task, event)
  }

  /// Ends every task and forgets every file: all frames should be free again.
  func endAllTasks() {
    for id in tasks.keys.sorted() {
      if let task = tasks.removeValue(forKey: id) { end(task) }
    }
    for file in files.values { computer.kernel.services.release(file.file) }
    files = [:]
    computer.kernel.shrinkCaches()
  }

  private func end(_ task: ReplayedTask) {
    if task.kernelTask.pointee.space.pointee.users == 1 { forget(task) }
    computer.kernel.exit(task.kernelTask)
  }

  private func addTask(
    _ id: Int32, _ truth: RecordedSpace, _ event: RecordedEvent
  ) -> ReplayedTask? {
    do {
      let task = ReplayedTask(kernelTask: try computer.kernel.spawn(id: id), truth: truth)
      tasks[id] = task
      report.processes.tasks += 1
      return task
    } catch {
      note(event, "a new task", "\(id)", Replayer.text(-Int64(error.rawValue)))
      return nil
    }
  }
}
