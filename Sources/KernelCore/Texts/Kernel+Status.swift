internal import AddressSpaces
internal import Machine
public import MemoryTypes
internal import PageTables

/// The memory lines of `/proc/PID/status`, and `/proc/PID/statm`.
extension Kernel {
  /// Writes what the accounts of a task's address space say.
  ///
  /// Code is what the program's own image has of it, `VmLib` the rest. Lock: takes `mmapLock` shared.
  /// Linux: `task_mem()`, fs/proc/task_mmu.c.
  public func writeStatus(of task: Ref<Task>, to sink: inout some TextSink) {
    let space = task.pointee.space
    space.pointee.mmapLock.lockShared()
    let accounts = space.pointee.accounts
    let resident = space.pointee.resident
    let text = space.pointee.textPages
    write("VmPeak:\t", max(accounts.highWaterTotal, accounts.total), to: &sink)
    write("VmSize:\t", accounts.total, to: &sink)
    write("VmLck:\t", accounts.locked, to: &sink)
    write("VmPin:\t", accounts.pinned, to: &sink)
    write("VmHWM:\t", max(resident.highWater, resident.total), to: &sink)
    write("VmRSS:\t", resident.total, to: &sink)
    write("RssAnon:\t", resident.anonymous, to: &sink)
    write("RssFile:\t", resident.file, to: &sink)
    write("RssShmem:\t", resident.shared, to: &sink)
    write("VmData:\t", accounts.data, to: &sink)
    write("VmStk:\t", accounts.stack, to: &sink)
    write("VmExe:\t", text, to: &sink)
    write("VmLib:\t", accounts.code - text, to: &sink)
    write("VmPTE:\t", space.pointee.tables.countedPages, to: &sink)
    write("VmSwap:\t", .zero, to: &sink)
    write("HugetlbPages:\t", .zero, to: &sink)
    space.pointee.mmapLock.unlockShared()
  }

  /// Writes seven numbers of pages: size, resident, of those not anonymous, code, 0, data and stack, 0.
  ///
  /// Linux: `proc_pid_statm()`, fs/proc/array.c.
  public func writeStatm(of task: Ref<Task>, to sink: inout some TextSink) {
    let space = task.pointee.space
    space.pointee.mmapLock.lockShared()
    let accounts = space.pointee.accounts
    let resident = space.pointee.resident
    writeField(accounts.total, to: &sink)
    writeField(resident.total, to: &sink)
    writeField(resident.file + resident.shared, to: &sink)
    writeField(space.pointee.imageTextPages, to: &sink)
    sink.write("0 ")
    writeField(accounts.data + accounts.stack, to: &sink)
    sink.write("0\n")
    space.pointee.mmapLock.unlockShared()
  }

  private func writeField(_ pages: PageCount, to sink: inout some TextSink) {
    sink.write(decimal: UInt64(pages.rawValue))
    sink.write(" ")
  }

  private func write(_ name: StaticString, _ pages: PageCount, to sink: inout some TextSink) {
    sink.write(name)
    let bytes = UInt64(settings.layout.pageSize.bytes(in: pages).rawValue)
    sink.write(decimal: bytes >> 10, width: 8)
    sink.write(" kB\n")
  }
}
