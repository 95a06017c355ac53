internal import AddressSpaces
internal import KernelCore
internal import Machine
internal import MemoryTypes
internal import PageTables
internal import Recordings

/// What an oracle's harness asked the kernel: flags and sizes are compared like results; which pages
/// are in memory, and how many faults it took, are compared and counted apart.
extension Replayer {
  func replay(_ probe: OracleProbe, _ event: RecordedEvent) {
    guard let task = tasks[event.task] else { return }
    switch probe {
    case .access(let kind, let address, let value, let outcome):
      compareAccess(kind, address, value, outcome, task, event)
    case .faults(let minor, let major): compareFaults(minor, major, task, event)
    case .mincore(let address, let length, let bits, let error):
      compareMincore((address, length), bits, error, task, event)
    case .pagemap(let address, _, let states): comparePages(address, states, task, event)
    case .vmFlags(let address, let flags): compareFlags(address, flags, task, event)
    case .status(let sizes): compareSizes(sizes, task, event)
    }
  }

  /// The signal, or that there was none, and then the byte read.
  private func compareAccess(
    _ kind: AccessKind, _ address: UInt64, _ value: UInt8?, _ outcome: OracleProbe.AccessOutcome,
    _ task: ReplayedTask, _ event: RecordedEvent
  ) {
    report.checked.accesses += 1
    let before = task.kernelTask.pointee.space.pointee.faults
    var byte = value ?? 0
    let replayed = perform(kind.memoryAccess, at: address, task.kernelTask, &byte)
    let after = task.kernelTask.pointee.space.pointee.faults
    task.truth.accessFaults.minor += after.minor - before.minor
    task.truth.accessFaults.major += after.major - before.major
    let isEqual = replayed == outcome && (outcome != .done || !comparesValues || byte == value)
    if !isEqual {
      note(
        event, "\(kind)(0x\(String(address, radix: 16)))", Self.text(outcome, value),
        Self.text(replayed, byte))
    }
    expectMaps(event, "an access", mustAdopt: false)
  }

  private func compareFaults(
    _ minor: UInt64, _ major: UInt64, _ task: ReplayedTask, _ event: RecordedEvent
  ) {
    let replayed = task.truth.accessFaults
    task.truth.accessFaults = (0, 0)
    report.residency.faults.compared += 1
    guard replayed != (minor, major) else { return }
    report.residency.faults.differences += 1
    noteResidency(
      event, "faults()", "minor +\(minor) major +\(major)",
      "minor +\(replayed.minor) major +\(replayed.major)")
  }

  /// The error number is a result; the bits are residency.
  private func compareMincore(
    _ range: (address: UInt64, length: UInt64), _ bits: [Bool], _ error: Errno?,
    _ task: ReplayedTask, _ event: RecordedEvent
  ) {
    report.checked.results += 1
    let what = "mincore(0x\(String(range.address, radix: 16)), \(range.length))"
    var replayed: [Bool] = []
    do throws(Errno) {
      try computer.kernel.mincore(
        task.kernelTask, address: UInt(range.address), length: UInt(range.length)
      ) { replayed.append($0) }
    } catch let refusal {
      guard refusal != error else { return }
      return note(event, what, Self.text(error), Self.text(refusal))
    }
    guard error == nil else { return note(event, what, Self.text(error), Self.text(nil)) }
    report.residency.mincore.compared += 1
    guard replayed != bits else { return }
    report.residency.mincore.differences += 1
    noteResidency(event, what, Self.text(bits), Self.text(replayed))
  }

  private func comparePages(
    _ address: UInt64, _ states: [OracleProbe.PageState], _ task: ReplayedTask,
    _ event: RecordedEvent
  ) {
    report.residency.pagemap.compared += 1
    let space = task.kernelTask.pointee.space
    let bytes = computer.configuration.pageSize.bytes.rawValue
    let replayed = states.indices.map { index -> OracleProbe.PageState in
      let page = VirtualAddress(UInt(address) &+ UInt(index) &* bytes)
      guard page < space.pointee.layout.taskSize else { return .absent }
      if space.pointee.tables.leaf(at: page) != nil { return .present }
      if case .swap = space.pointee.tables.softwareEntry(at: page) { return .swapped }
      return .absent
    }
    guard replayed != states else { return }
    report.residency.pagemap.differences += 1
    noteResidency(
      event, "pagemap(0x\(String(address, radix: 16)))", Self.text(states), Self.text(replayed))
  }

  private func compareFlags(
    _ address: UInt64, _ flags: [String], _ task: ReplayedTask, _ event: RecordedEvent
  ) {
    report.checked.flags += 1
    let space = task.kernelTask.pointee.space
    var replayed: [String] = []
    if let vma = space.pointee.vmas.vma(at: VirtualAddress(UInt(address))) {
      let rules = KernelRules(computer.configuration.version)
      vma.pointee.flags.forEachName(rules) { replayed.append("\($0)") }
    }
    guard replayed != flags else { return }
    note(
      event, "vmflags(0x\(String(address, radix: 16)))", flags.joined(separator: " "),
      replayed.joined(separator: " "))
  }

  private func compareSizes(
    _ sizes: [String: UInt64], _ task: ReplayedTask, _ event: RecordedEvent
  ) {
    report.checked.sizes += 1
    let space = task.kernelTask.pointee.space
    let kibibytes = UInt64(computer.configuration.pageSize.bytes.rawValue) >> 10
    let accounts = space.pointee.accounts
    let pages = [
      "VmSize": accounts.total, "VmLck": accounts.locked, "VmData": accounts.data,
      "VmStk": accounts.stack, "VmExe": space.pointee.textPages,
    ]
    for (name, size) in sizes.sorted(by: { $0.key < $1.key }) {
      guard let count = pages[name] else { continue }
      let replayed = UInt64(count.rawValue) * kibibytes
      if replayed != size { note(event, "status() \(name)", "\(size)", "\(replayed)") }
    }
  }

  private func noteResidency(
    _ event: RecordedEvent, _ what: String, _ recorded: String, _ replayed: String
  ) {
    guard report.residency.examples.count < options.detailLimit else { return }
    report.residency.examples.append(
      ReplayReport.Difference(
        position: event.position, task: Int(event.task), what: what, recorded: recorded,
        replayed: replayed))
  }

  private static func text(_ outcome: OracleProbe.AccessOutcome, _ byte: UInt8?) -> String {
    guard outcome == .done, let byte else { return "\(outcome)" }
    return "0x" + String(byte, radix: 16)
  }

  private static func text(_ error: Errno?) -> String {
    error.map { text(-Int64($0.rawValue)) } ?? "0"
  }

  private static func text(_ bits: [Bool]) -> String {
    String(decoding: bits.map { UInt8(ascii: $0 ? "1" : "0") }, as: UTF8.self)
  }

  private static func text(_ states: [OracleProbe.PageState]) -> String {
    states.map { $0 == .present ? "P" : $0 == .swapped ? "S" : "." }.joined()
  }
}
