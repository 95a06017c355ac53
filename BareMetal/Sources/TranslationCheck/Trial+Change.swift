internal import Machine
internal import MemoryTypes
internal import PageTables
internal import PhysicalMemory

extension Trial {
  /// One change to the tables, with the invalidations that the operations ask for.
  mutating func change() throws(AllocationError) {
    guard ranges.count > 0 else { return }
    let range = ranges[Int(random.next(below: UInt32(ranges.count)))]
    let address = drawAddress(in: range)
    let processor = processor
    tally.changes += 1
    switch random.next(below: 10) {
    case 0, 1: try unmap(drawPart(of: range))
    case 2, 3, 4: try protect(drawPart(of: range))
    case 5: try tables.split(address) { _ in processor.forget() }
    case 6:
      try tables.split(address) { _ in processor.forget() }
      tables.collapse(address, to: .pmd) { _ in processor.forget() }
    case 7: tables.unfold(address) { _ in processor.forget() }
    case 8: tables.fold(address) { _ in processor.forget() }
    default: try addRange()
    }
    forget()
  }

  mutating func drawAddress(in range: VirtualRange) -> VirtualAddress {
    range.start + ByteCount(UInt(truncatingIfNeeded: random.next()) % range.count.rawValue)
  }

  /// Whole pages of `range`: all of it, or some.
  private mutating func drawPart(of range: VirtualRange) -> VirtualRange {
    guard random.next(below: 3) != 0 else { return range }
    let pageSize = format.pageSize
    let first = pageSize.roundDown(drawAddress(in: range))
    let last = pageSize.roundDown(drawAddress(in: range))
    return VirtualRange(min(first, last), max(first, last) + pageSize.bytes)
  }

  private mutating func unmap(_ range: VirtualRange) throws(AllocationError) {
    let processor = processor
    try tables.isolate(range) { _ in processor.forget() }
    tables.unmap(range) { _, _ in }
    processor.forget()
    if random.next(below: 2) == 0 { tables.freeEmptyTables(range) }
  }

  private mutating func protect(_ range: VirtualRange) throws(AllocationError) {
    let processor = processor
    let attributes = drawAttributes()
    try tables.isolate(range) { _ in processor.forget() }
    tables.protect(
      range, breaking: { _ in processor.forget() },
      { $0.contains(.contiguous) ? attributes.union(.contiguous) : attributes })
  }
}
