internal import AddressSpaces
internal import Machine
public import MemoryTypes
internal import PhysicalMemory

/// `/proc/meminfo`.
extension Kernel {
  /// Writes what is known of the machine's memory, in KiB, under the kernel's names.
  ///
  /// Nothing is reclaimed yet, so what is available is what is free above the reserves.
  /// Linux: `meminfo_proc_show()`, `si_mem_available()`.
  public func writeMemInfo(to sink: inout some TextSink) {
    var free = PageCount.zero
    var total = PageCount.zero
    var cma = PageCount.zero
    var freeCMA = PageCount.zero
    var reserve = PageCount.zero
    for zone in pages.pointee.zones {
      free += zone.pointee.countedFreePages
      total += zone.pointee.managedPages
      cma += zone.pointee.cmaPages
      freeCMA += zone.pointee.countedFreeCMAPages
    }
    for node in pages.pointee.nodes { reserve += node.pointee.totalReserve }
    write("MemTotal:", total, to: &sink)
    write("MemFree:", free, to: &sink)
    write("MemAvailable:", free > reserve ? free - reserve : .zero, to: &sink)
    write("CommitLimit:", services.pointee.commit.limit, to: &sink)
    write("Committed_AS:", services.pointee.commit.committed, to: &sink)
    write("CmaTotal:", cma, to: &sink)
    write("CmaFree:", freeCMA, to: &sink)
  }

  private func write(_ name: StaticString, _ count: PageCount, to sink: inout some TextSink) {
    let kibibytes = pages.pointee.directMap.pageSize.bytes(in: count).rawValue >> 10
    sink.write(name, width: 16)
    sink.write(decimal: UInt64(kibibytes), width: 8)
    sink.write(" kB\n")
  }
}
