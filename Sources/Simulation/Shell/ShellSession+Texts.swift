internal import AddressSpaces
internal import KernelCore
internal import KernelHeap
internal import Machine
internal import MemoryTypes
internal import PageTables
internal import PhysicalMemory

/// What the shell shows of the machine.
extension ShellSession {
  /// The text that `body` writes.
  func text(_ body: (Computer, inout ByteCollector) -> Void) -> String {
    var collector = ByteCollector()
    body(computer, &collector)
    let text = String(decoding: collector.bytes, as: UTF8.self)
    return text.hasSuffix("\n") ? text : text + "\n"
  }

  /// The sizes of the process, named as in `/proc/PID/status`.
  var statusText: String {
    let (accounts, resident) = (space.pointee.accounts, space.pointee.resident)
    let rows: [(String, PageCount)] = [
      ("VmPeak", accounts.highWaterTotal), ("VmSize", accounts.total), ("VmLck", accounts.locked),
      ("VmHWM", max(resident.highWater, resident.total)), ("VmRSS", resident.total),
      ("RssAnon", resident.anonymous),
      ("RssFile", resident.file), ("RssShmem", resident.shared), ("VmData", accounts.data),
      ("VmStk", accounts.stack), ("VmExe", accounts.code),
      ("VmPTE", PageCount(space.pointee.tables.tableCount.rawValue)),
    ]
    let size = space.pointee.pageSize
    return rows.map { name, pages in
      let value = String(size.bytes(in: pages).rawValue / 1024)
      return name + ":" + String(repeating: " ", count: max(1, 18 - name.count - value.count))
        + value + " kB\n"
    }.joined()
  }

  /// Each entry that a walk for `address` reads.
  func walkText(_ address: UInt64) -> String {
    let entries = TableStep.steps(of: address, in: space, computer)
    guard !entries.isEmpty else { return "not an address that the tables translate\n" }
    return entries.map { "  \($0.text)\n" }.joined()
  }

  /// The mapping at `address` with what decides about faults and merging.
  func areaText(_ address: UInt64) -> String {
    let virtual = VirtualAddress(UInt(truncatingIfNeeded: address))
    guard let vma = space.pointee.vmas.vma(at: virtual) else {
      guard let next = space.pointee.vmas.vma(atOrAfter: virtual) else {
        return "none, and none above\n"
      }
      return "none; the next above is \(AreaPicture(next, space).text)\n"
    }
    return AreaPicture(vma, space).details + "\n"
  }
}
