internal import MemoryTypes
public import PhysicalMemory

/// A range of the memory map that a PC's BIOS gives. Linux: `struct e820_entry`.
@frozen
public struct BIOSMemoryRange: Hashable, Sendable {
  public var range: PhysicalRange
  /// As BIOS numbers kinds: 1 RAM, 2 reserved, 3 ACPI tables, 4 ACPI NVS, 5 broken.
  public var kind: UInt32

  @inline(__always)
  public init(_ range: PhysicalRange, kind: UInt32) {
    self.range = range
    self.kind = kind
  }
}

extension FirmwareMemory {
  /// What a BIOS means by a number; what it does not know is not to be touched.
  public init(biosKind: UInt64) {
    switch biosKind {
    case 1: self = .usable
    case 3: self = .tables
    case 4: self = .sleepStorage
    case 5: self = .unusable
    default: self = .reserved
    }
  }
}

/// The memory map of a PC: sorted, without overlap.
///
/// BIOSes are sloppy: ranges come in any order and overlap. Where they do, the higher kind wins, so
/// that memory that any range reserves is reserved. It stands in storage that it was given.
/// Linux: `struct e820_table`, arch/x86/kernel/e820.c.
@safe
public struct BIOSMemoryTable: ~Copyable {
  private let entries: UnsafeMutablePointer<BIOSMemoryRange>
  private let capacity: Int
  /// How many ranges there are.
  public private(set) var count = 0

  /// An empty table with room for `capacity` ranges at `entries`, which lives as long.
  @unsafe
  public init(_ entries: UnsafeMutablePointer<BIOSMemoryRange>, capacity: Int) {
    unsafe self.entries = unsafe entries
    self.capacity = capacity
  }

  /// The range at `index`, in the order of addresses.
  public subscript(index: Int) -> BIOSMemoryRange {
    precondition(index >= 0 && index < count, "no such range")
    return unsafe entries[index]
  }

  /// Adds a range as BIOS states it: a start and a size.
  ///
  /// Throws, and adds nothing, when it ends beyond the address space: a table with such an entry is
  /// not to be trusted. Linux: `append_e820_table()`, `e820__update_table()`.
  public mutating func add(start: UInt64, size: UInt64, kind: UInt32) throws(BootError) {
    let (end, overflow) = start.addingReportingOverflow(size)
    guard !overflow else { throw .firmware(.malformed) }
    guard size > 0 else { return }
    let added = PhysicalRange(PhysicalAddress(start), PhysicalAddress(end))
    // Whatever overlaps at most keeps a piece on each side of the new one, and one between any two.
    guard 2 * count + 1 <= capacity else { throw .tooManyRanges }
    try raise(added, kind)
    join()
  }

  /// Makes what is of kind `old` in `range` of kind `new`. Linux: `e820__range_update()`.
  public mutating func change(
    _ range: PhysicalRange, from old: UInt32, to new: UInt32
  ) throws(BootError) {
    try cut(at: range)
    for index in 0..<count where self[index].kind == old && self[index].range.overlaps(range) {
      unsafe entries[index].kind = new
    }
    join()
  }

  /// Forgets what is of `kind` in `range`. Linux: `e820__range_remove()`.
  public mutating func remove(_ range: PhysicalRange, kind: UInt32) throws(BootError) {
    try cut(at: range)
    var kept = 0
    for index in 0..<count {
      let entry = self[index]
      if entry.kind == kind && entry.range.overlaps(range) { continue }
      unsafe entries[kept] = entry
      kept += 1
    }
    count = kept
    join()
  }

  /// Takes the first page and the megabyte's upper part, where video memory and the BIOS live, away
  /// from RAM, whatever the BIOS said. Linux: `trim_bios_range()`.
  public mutating func trimFirstMegabyte() throws(BootError) {
    try change(PhysicalRange(PhysicalAddress(0), PhysicalAddress(4096)), from: 1, to: 2)
    try remove(PhysicalRange(PhysicalAddress(0xa_0000), PhysicalAddress(0x10_0000)), kind: 1)
  }
}

extension BIOSMemoryTable {
  /// Where `range` meets others the higher kind wins; gaps become of `kind`.
  private mutating func raise(_ range: PhysicalRange, _ kind: UInt32) throws(BootError) {
    try cut(at: range)
    var start = range.start
    var index = 0
    while index < count {
      let entry = self[index]
      if entry.range.overlaps(range) {
        if start < entry.range.start {
          try insert(
            BIOSMemoryRange(PhysicalRange(start, entry.range.start), kind: kind), at: index)
          index += 1
        }
        unsafe entries[index].kind = max(entry.kind, kind)
        start = entry.range.end
      } else if entry.range.start >= range.end {
        break
      }
      index += 1
    }
    if start < range.end {
      try insert(BIOSMemoryRange(PhysicalRange(start, range.end), kind: kind), at: index)
    }
  }

  /// Cuts the ranges that cross an edge of `range`.
  private mutating func cut(at range: PhysicalRange) throws(BootError) {
    try cut(at: range.start)
    try cut(at: range.end)
  }

  private mutating func cut(at edge: PhysicalAddress) throws(BootError) {
    var index = 0
    while index < count {
      let entry = self[index]
      if entry.range.start < edge && edge < entry.range.end {
        let upper = BIOSMemoryRange(PhysicalRange(edge, entry.range.end), kind: entry.kind)
        try insert(upper, at: index + 1)
        unsafe entries[index].range.end = edge
        return
      }
      index += 1
    }
  }

  private mutating func insert(
    _ entry: BIOSMemoryRange, at position: Int
  ) throws(BootError) {
    guard count < capacity else { throw .tooManyRanges }
    var index = count
    while index > position {
      unsafe entries[index] = unsafe entries[index - 1]
      index -= 1
    }
    unsafe entries[position] = entry
    count += 1
  }

  /// Makes one range of neighbours of one kind that touch.
  private mutating func join() {
    guard count > 1 else { return }
    var kept = 0
    for index in 1..<count {
      let entry = self[index]
      if self[kept].kind == entry.kind && self[kept].range.end == entry.range.start {
        unsafe entries[kept].range.end = entry.range.end
      } else {
        kept += 1
        unsafe entries[kept] = entry
      }
    }
    count = kept + 1
  }
}

extension Memblock {
  /// Takes the RAM of a PC's map over, in whole pages. Everything else is no memory, rather than
  /// memory that is reserved. Linux: `e820__memblock_setup()`.
  public mutating func addMemory(of table: borrowing BIOSMemoryTable) throws(BootError) {
    for index in 0..<table.count where table[index].kind == 1 {
      do throws(AllocationError) { try add(table[index].range) } catch { throw .tooManyRanges }
    }
    trimMemory(to: .size4K)
  }
}
