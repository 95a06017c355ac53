internal import Machine
internal import MemoryTypes
internal import PageTables
internal import PhysicalMemory

extension Trial {
  /// One change to the tables, and no wider invalidation than it needs: what is asked before must
  /// not come again after.
  mutating func change() throws(AllocationError) {
    guard ranges.count > 0 else { return }
    let range = ranges[Int(random.next(below: UInt32(ranges.count)))]
    let address = drawAddress(in: range)
    tally.changes += 1
    askAbout(address)
    switch random.next(below: 10) {
    case 0, 1: try unmap(drawPart(of: range, around: address))
    case 2, 3, 4: try protect(drawPart(of: range, around: address))
    case 5, 6, 7, 8: try reshape(address)
    // What was mapped nowhere is cached nowhere.
    default: try addRange()
    }
    askAbout(address)
  }

  mutating func drawAddress(in range: VirtualRange) -> VirtualAddress {
    range.start + ByteCount(UInt(truncatingIfNeeded: random.next()) % range.count.rawValue)
  }

  /// Whole pages of `range`: all of it, or some, that of `address` among them.
  private mutating func drawPart(
    of range: VirtualRange, around address: VirtualAddress
  ) -> VirtualRange {
    guard random.next(below: 3) != 0 else { return range }
    let pageSize = format.pageSize
    let first = pageSize.roundDown(address)
    let last = random.next(below: 2) == 0 ? first : pageSize.roundDown(drawAddress(in: range))
    return VirtualRange(min(first, last), max(first, last) + pageSize.bytes)
  }

  private mutating func unmap(_ range: VirtualRange) throws(AllocationError) {
    let (processor, way) = (processor, drawWay(range))
    var wide = WideRange(range)
    try tables.isolate(range) { wide.breakUp($0, processor, way) }
    tables.unmap(range) { _, _ in }
    if random.next(below: 2) == 0 { tables.freeEmptyTables(range) }
    forget(wide.range, way)
  }

  private mutating func protect(_ range: VirtualRange) throws(AllocationError) {
    let (processor, way) = (processor, drawWay(range))
    let attributes = drawAttributes()
    var wide = WideRange(range)
    try tables.isolate(range) { wide.breakUp($0, processor, way) }
    tables.protect(
      range, breaking: { processor.forget($0, way, .first) },
      { $0.contains(.contiguous) ? attributes.union(.contiguous) : attributes })
    forget(wide.range, way)
  }

  /// Other leaves that translate the same.
  private mutating func reshape(_ address: VirtualAddress) throws(AllocationError) {
    let (processor, way) = (processor, drawWay(VirtualRange(address, count: ByteCount(1))))
    var wide = WideRange(VirtualRange(address, address))
    switch random.next(below: 4) {
    case 0: try tables.split(address) { wide.breakUp($0, processor, way) }
    case 1:
      try tables.split(address) { wide.breakUp($0, processor, way) }
      tables.collapse(address, to: .pmd) { wide.breakUp($0, processor, way) }
    case 2: tables.unfold(address) { wide.breakUp($0, processor, way) }
    default: tables.fold(address) { wide.breakUp($0, processor, way) }
    }
    forget(wide.range, way)
  }
}

/// A range, and those that were broken around it.
struct WideRange {
  private(set) var range: VirtualRange

  init(_ range: VirtualRange) { self.range = range }

  /// Forgets `other`, whose leaves are gone for the moment.
  mutating func breakUp(
    _ other: VirtualRange, _ processor: some TestedProcessor, _ way: ForgetWay
  ) {
    processor.forget(other, way, .first)
    guard range.start != range.end else { return range = other }
    range = VirtualRange(min(range.start, other.start), max(range.end, other.end))
  }
}
