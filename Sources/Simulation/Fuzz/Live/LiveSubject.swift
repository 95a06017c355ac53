internal import CSubject
internal import Foundation
internal import MemoryTypes
internal import Recordings

/// A process of one page of code on the running kernel, driven step by step.
///
/// ```
///   LiveSubject ── ptrace: registers, go ──> stub: system call, load or store ── trap
///       └──────── /proc/PID/maps, pagemap, smaps, status <──┘ stopped again
/// ```
/// Nothing but the steps changes its address space. A scratch mapping takes what system calls write.
/// All use must be from the thread that made it.
final class LiveSubject {
  /// Where the answers of `mincore` are written.
  static let scratch: UInt64 = 0x20_0000
  static let scratchPages: UInt64 = 48
  /// The page of stubs.
  static let code: UInt64 = 0x40_0000

  let process: LiveTask
  private(set) var child: LiveTask?
  /// Counts the faults of loads and stores, which takes two more looks at each.
  private let countsFaults: Bool

  /// Starts a subject, stopped before its first step.
  ///
  /// - Throws: `FuzzError.unavailable` where the system does not allow it.
  init(_ limits: subject_limits, _ files: SubjectFiles, countsFaults: Bool) throws(FuzzError) {
    let descriptors = files.descriptors
    let task = unsafe files.program.withCString { path in
      unsafe descriptors.withUnsafeBufferPointer { numbers in
        var launch = unsafe subject_launch(
          path: path, limits: limits, descriptors: numbers.baseAddress,
          descriptor_count: Int32(numbers.count))
        return unsafe subject_spawn(&launch)
      }
    }
    guard task > 0 else {
      throw .unavailable("ptrace of a child: \(unsafe String(cString: strerror(-task)))")
    }
    let answer = try LiveSubject.call(
      task, 9, [Self.scratch, Self.scratchPages << 12, 3, 0x8031, .max, 0])
    guard answer == Int64(Self.scratch) else {
      subject_end(task)
      throw .unavailable("the subject's scratch pages cannot be mapped")
    }
    process = try LiveTask(task)
    self.countsFaults = countsFaults
  }

  deinit {
    child = nil
    subject_end(process.id)
  }

  /// Lets the process or its child do one step.
  ///
  /// - Returns: The event that a log of it holds; nil for a step that has no sense now (no child, or
  ///   a second one) and for a fork that the kernel refused.
  func perform(_ step: FuzzStep) throws(FuzzError) -> RecordedEvent.Body? {
    guard let task = step.isChild ? child : process else { return nil }
    switch step.action {
    case .call(var call):
      call.result = try task.call(call)
      return .call(call)
    case .load(let address): return .probe(try access(task, .read, address, 0))
    case .store(let address, let byte): return .probe(try access(task, .write, address, byte))
    case .mincore(let address, let length): return .probe(try task.mincore(address, length))
    case .pagemap(let address, let length): return .probe(try task.pagemap(address, length))
    case .faults: return .probe(task.takeFaults())
    case .vmFlags(let address): return try task.vmFlags(address).map { .probe($0) }
    case .status: return .probe(try task.status())
    case .fork: return try fork(step)
    case .exit:
      guard step.isChild else { return nil }
      child = nil
      return .exit(status: 0)
    }
  }

  private func access(
    _ task: LiveTask, _ kind: AccessKind, _ address: UInt64, _ byte: UInt8
  ) throws(FuzzError) -> OracleProbe {
    guard countsFaults else { return try task.access(kind, address, byte) }
    // A stale translation would fault once more than the tables say.
    for protection: UInt64 in [1, 3] {
      _ = try LiveSubject.call(
        task.id, 10, [Self.scratch, Self.scratchPages << 12, protection, 0, 0, 0])
    }
    return try task.countingFaults { () throws(FuzzError) in
      try task.access(kind, address, byte)
    }
  }

  private func fork(_ step: FuzzStep) throws(FuzzError) -> RecordedEvent.Body? {
    guard child == nil, !step.isChild else { return nil }
    let task = subject_fork(process.id)
    guard task > 0 else { return nil }
    child = try LiveTask(task, endsItself: true)
    return .fork(child: 0, sharesMemory: false)
  }

  static func call(
    _ task: pid_t, _ number: UInt64, _ arguments: [UInt64]
  ) throws(FuzzError) -> Int64 {
    var answer = subject_answer()
    let status = unsafe arguments.withUnsafeBufferPointer {
      unsafe subject_call(task, number, $0.baseAddress!, &answer)
    }
    guard status == 0, answer.signal == 0 else {
      throw .subjectLost("system call \(number) ended with signal \(answer.signal)")
    }
    return answer.result
  }
}
