internal import Machine
internal import MemoryTypes

/// One entry of one table.
struct EntryLocation {
  var table: PageFrameNumber
  var index: UInt
}

extension PageTable {
  func load(_ entry: EntryLocation) -> UInt64 {
    format.load(address(of: entry), in: memory)
  }

  func store(_ descriptor: UInt64, at entry: EntryLocation) {
    format.store(descriptor, at: address(of: entry), in: memory)
  }

  private func address(of entry: EntryLocation) -> PhysicalAddress {
    let table = format.pageSize.address(of: entry.table)
    return PhysicalAddress(table.rawValue &+ UInt64(entry.index &<< UInt(format.entryShift)))
  }
}
