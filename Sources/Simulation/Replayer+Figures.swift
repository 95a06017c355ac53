internal import AddressSpaces
internal import KernelCore
internal import KernelHeap
internal import Machine
internal import MemoryTypes
internal import PageTables
internal import PhysicalMemory
internal import Recordings

/// The figures of the report: kept up to date event by event, in constant time.
extension Replayer {
  /// Takes over what the event changed in its task's address space.
  func noteMemory(of id: Int32) {
    guard let task = tasks[id] else { return }
    let space = task.kernelTask.pointee.space
    let truth = task.truth
    let resident = Int(space.pointee.resident.total.rawValue)
    let tables = Int(space.pointee.tables.tableCount.rawValue)
    totals.resident += resident - truth.resident
    totals.tablePages += tables - truth.tablePages
    totals.minor += space.pointee.faults.minor - truth.minor
    totals.major += space.pointee.faults.major - truth.major
    (truth.resident, truth.tablePages) = (resident, tables)
    (truth.minor, truth.major) = (space.pointee.faults.minor, space.pointee.faults.major)
    notePeaks(vmas: space.pointee.vmas.count)
  }

  private func notePeaks(vmas: Int) {
    report.memory.peakVMAs = max(report.memory.peakVMAs, vmas)
    report.memory.peakResidentPages = max(report.memory.peakResidentPages, totals.resident)
    report.memory.peakPageTableBytes = max(
      report.memory.peakPageTableBytes, UInt64(totals.tablePages) * pageBytes)
  }

  /// An address space that is about to go no longer counts as resident.
  func forget(_ task: ReplayedTask) {
    totals.resident -= task.truth.resident
    totals.tablePages -= task.truth.tablePages
    (task.truth.resident, task.truth.tablePages) = (0, 0)
    (task.truth.minor, task.truth.major) = (0, 0)
  }

  /// The state when the recording ends, while the tasks that still live stand.
  func noteFinalState() {
    for id in tasks.keys { noteMemory(of: id) }
    report.memory.residentPages = totals.resident
    report.memory.pageTableBytes = UInt64(totals.tablePages) * pageBytes
    report.memory.minorFaults = totals.minor
    report.memory.majorFaults = totals.major
    report.memory.vmas =
      tasks.values.map { $0.kernelTask.pointee.space.pointee.vmas.count }.max() ?? 0
    report.memory.slabBytes =
      UInt64(SlabInfo.pageCount(of: computer.pages).rawValue) * pageBytes
    report.tlb = computer.tlbFigures
  }

  private var pageBytes: UInt64 { UInt64(computer.configuration.pageSize.bytes.rawValue) }
}

extension Computer {
  /// The free memory now, with what processors keep at hand given back.
  var state: ReplayReport.KernelState {
    pages.pointee.drainPerCPULists()
    var text = ByteCollector()
    kernel.writeBuddyInfo(to: &text)
    return ReplayReport.KernelState(
      freePages: UInt64(pages.pointee.freePageCount.rawValue),
      managedPages: UInt64(pages.pointee.managedPageCount.rawValue),
      buddyinfo: String(decoding: text.bytes.dropLast(), as: UTF8.self))
  }
}

extension MachineConfiguration {
  /// What a report says of the machine.
  var summary: ReplayReport.Machine {
    ReplayReport.Machine(
      name: name, architecture: "\(architecture)", pageSize: UInt64(pageSize.bytes.rawValue),
      virtualAddressBits: Int(virtualAddressBits), ram: UInt64(ram.rawValue),
      kernel: "\(version.major).\(version.minor)")
  }
}
