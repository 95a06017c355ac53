internal import AddressSpaces
internal import KernelCore
internal import MemoryTypes
internal import Recordings

/// A simulated machine with one process, and lines that make calls and ask questions.
///
/// ```
///   line ──> ShellVerb (a table)  ──> Kernel ──> text
///               └─ any call ──> CallLine ──> Replayer.perform ── before, after ──> Narrator
/// ```
public final class ShellSession {
  let replayer: Replayer
  /// The task that calls are made by; children of `fork` count up from 1.
  var current: Int32 = 0
  private var taskCount: Int32 = 0
  /// What `_` stands for: the last address that a call returned.
  var lastAddress: UInt64 = 0
  /// Whether each call and access is told step by step.
  public var explains = false

  /// Boots the machine and starts the process.
  ///
  /// - Throws: `SimulationError` when it cannot be simulated.
  public init(_ machine: MachineConfiguration) throws(SimulationError) {
    replayer = try Replayer(SubjectImage(machine), source: "shell", on: machine)
    replayer.beginOracle()
  }

  /// Does one line; several commands may stand in it, with `;` between them.
  ///
  /// - Returns: What it prints; nil when the session is to end.
  /// - Throws: `ShellError`; commands before the bad one are done.
  public func run(_ line: String) throws(ShellError) -> String? {
    var text = ""
    for part in line.split(separator: ";") {
      let command = String(part.prefix { $0 != "#" }).trimmed
      guard !command.isEmpty else { continue }
      guard let output = try runCommand(command) else { return nil }
      text += output
    }
    return text
  }

  /// The names that a line may begin with.
  public static var completions: [String] {
    (ShellVerb.all.map(\.name) + callNames).sorted()
  }

  static let callNames = [
    "brk", "madvise", "mlock", "mlock2", "mlockall", "mmap", "mprotect", "mremap", "mseal", "msync",
    "munlock", "munlockall", "munmap", "remap_file_pages",
  ]

  private func runCommand(_ command: String) throws(ShellError) -> String? {
    let name = String(command.prefix { $0 != " " && $0 != "(" })
    if let verb = ShellVerb.all.first(where: { $0.name == name }) {
      let words = command.dropFirst(name.count).split(separator: " ").map(String.init)
      return try verb.run(self, words)
    }
    guard Self.callNames.contains(name) else {
      throw ShellError("no command '\(name)'; 'help' lists them")
    }
    return try makeCall(command)
  }

  private func makeCall(_ command: String) throws(ShellError) -> String {
    let call = try line.call(command)
    let narrator = Narrator(self, of: task)
    guard let result = replayer.perform(call, task) else {
      throw ShellError("\(call.name.text) with these arguments is not built yet")
    }
    switch call.name {
    case .mmap,
      .mremap where result > 0:
      lastAddress = UInt64(bitPattern: result)
    default: break
    }
    let text = "\(CallText.call(call)) = \(CallText.result(result, of: call.name))\n"
    return explains ? text + narrator.story(of: call, result) : text
  }

  /// Loads or stores at an address.
  func access(_ kind: AccessKind, _ address: UInt64) -> String {
    let narrator = Narrator(self, of: task)
    let path = explains ? narrator.pathBefore(address, kind) : []
    let outcome = replayer.perform(kind.memoryAccess, at: address, task)
    let text = "\(kind) \(CallText.hex(address)): \(outcome.text ?? "ok")\n"
    return explains ? text + narrator.story(of: kind, address, path, outcome) : text
  }

  var line: CallLine {
    let space = space
    return CallLine(names: [
      "_": lastAddress, "heap": UInt64(space.pointee.heapStart.rawValue),
      "stack": UInt64(space.pointee.stackStart.rawValue),
    ])
  }

  var task: Ref<Task> { replayer.tasks[current]!.kernelTask }
  var space: Ref<AddressSpace> { task.pointee.space }
  var computer: Computer { replayer.computer }

  /// A copy of the current process becomes the current one. Linux: `fork(2)`.
  func fork() throws(ShellError) -> String {
    taskCount += 1
    let event = RecordedEvent(
      position: 0, task: current, .fork(child: taskCount, sharesMemory: false))
    replayer.fork(taskCount, sharesMemory: false, event)
    guard replayer.tasks[taskCount] != nil else { throw ShellError("fork: ENOMEM") }
    current = taskCount
    return "task \(current), a copy of task \(event.task), is current now\n"
  }

  /// Ends the current process; the oldest that is left becomes current.
  func exit() -> String? {
    let ended = current
    replayer.exit(RecordedEvent(position: 0, task: current, .exit(status: 0)))
    guard let next = replayer.tasks.keys.min() else { return nil }
    current = next
    return "task \(ended) is gone; task \(next) is current now\n"
  }
}
