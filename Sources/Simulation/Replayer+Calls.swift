internal import AddressSpaces
internal import KernelCore
internal import Machine
internal import MemoryTypes
internal import Recordings

/// System calls: performed, and their results compared.
extension Replayer {
  func replay(_ call: RecordedCall, _ event: RecordedEvent) {
    var count = report.calls[call.name.text] ?? ReplayReport.CallCount()
    count.count += 1
    if call.result < 0, call.result > -4096 { count.failed += 1 }
    report.calls[call.name.text] = count
    guard let task = task(of: event) else { return }
    if task.truth.isUnknown, learn(call, task) { return }
    if call.name == .brk, task.truth.learnsBreak { learnBreak(call, task) }
    learnLockedLimit(call, task.kernelTask)

    guard let result = perform(call, task.kernelTask) else {
      report.unsupported[call.name.text, default: 0] += 1
      expectMaps(event, call.name.text, mustAdopt: true)
      return
    }
    report.checked.results += 1
    let isEqual = result == call.result
    if !isEqual {
      note(event, describe(call), Self.text(call.result), Self.text(result))
      undo(call, result, task.kernelTask)
    }
    expectMaps(event, call.name.text, mustAdopt: !isEqual)
  }

  /// The raw result as the kernel's register would have it; nil for a call that is not built yet, or
  /// that cannot be told from its registers.
  func perform(_ call: RecordedCall, _ task: Ref<Task>) -> Int64? {
    guard let name = SystemCall(call.name), isTold(call) else { return nil }
    let given = call.arguments
    var arguments = CallArguments(given.a0, given.a1, given.a2, given.a3, given.a4, given.a5)
    if call.namesFile { arguments.file = openFile(call) }
    return computer.kernel.call(name, arguments, by: task)
  }

  /// A mapping that landed elsewhere than recorded is taken back, so that the recorded one fits.
  private func undo(_ call: RecordedCall, _ result: Int64, _ task: Ref<Task>) {
    guard call.name == .mmap, result > 0 else { return }
    try? computer.kernel.munmap(
      task, address: UInt(result), length: UInt(truncatingIfNeeded: call.arguments.a1))
  }

  /// The initial break shows in the first `brk(NULL)`: taken over, counted.
  private func learnBreak(_ call: RecordedCall, _ task: ReplayedTask) {
    task.truth.learnsBreak = false
    guard call.result > 0 else { return }
    let address = VirtualAddress(UInt(call.result))
    task.kernelTask.pointee.space.pointee.setHeap(start: address, programBreak: address)
    report.adopted["program break", default: 0] += 1
  }

  private func describe(_ call: RecordedCall) -> String {
    let a = call.arguments
    let words = [a.a0, a.a1, a.a2, a.a3, a.a4, a.a5].map { "0x" + String($0, radix: 16) }
    return "\(call.name.text)(\(words.joined(separator: ", ")))"
  }

  static func text(_ result: Int64) -> String {
    if result < 0, result > -4096 {
      let errno = Errno(Int32(-result))
      return errno.name.map { "-\($0)" } ?? "\(result)"
    }
    return "0x" + String(UInt64(bitPattern: result), radix: 16)
  }

  /// Counts a difference, and keeps the first ones in detail.
  func note(_ event: RecordedEvent, _ what: String, _ recorded: String, _ replayed: String) {
    note(position: event.position, task: event.task, what, recorded, replayed)
  }

  func note(
    position: Int, task: Int32, _ what: String, _ recorded: String, _ replayed: String
  ) {
    report.differenceCount += 1
    guard report.differences.count < options.detailLimit else { return }
    report.differences.append(
      ReplayReport.Difference(
        position: position, task: Int(task), what: what, recorded: recorded, replayed: replayed))
  }
}
