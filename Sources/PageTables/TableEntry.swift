public import Machine
public import MemoryTypes

/// An entry of the tables that is not empty, as a cursor finds it.
@frozen
public struct TableEntry: Hashable, Sendable {
  /// The first address it covers.
  public var address: VirtualAddress
  public var level: TranslationLevel
  /// `.leaf`, `.inaccessible` or `.software` in sound tables. Damaged ones may show `.malformed`,
  /// `.reserved`, and `.table` for a pointer to a table beyond RAM.
  public var kind: DescriptorKind
  public var descriptor: UInt64
  /// Where it stands in RAM.
  public var location: PhysicalAddress

  /// Whether it maps memory, though perhaps for nobody.
  @inline(__always)
  public var isLeaf: Bool { kind == .leaf || kind == .inaccessible }
}

extension TranslationFormat {
  /// Whether `entry` is one of a contiguous group.
  @inline(__always)
  func isGrouped(_ entry: TableEntry) -> Bool {
    entry.kind == .leaf && entry.descriptor & bits.contiguous != 0
      && contiguousShift(of: entry.level) != 0
  }

  /// The addresses of the contiguous group of leaves of `level` around `address`.
  func group(around address: VirtualAddress, at level: TranslationLevel) -> VirtualRange {
    let span = groupSpan(of: level)
    return VirtualRange(VirtualAddress(address.rawValue & ~(span.rawValue &- 1)), count: span)
  }

  /// The addresses that the entry of `level` for `address` covers.
  func block(around address: VirtualAddress, at level: TranslationLevel) -> VirtualRange {
    VirtualRange(blockStart(address, at: level), count: span(of: level))
  }

  @inline(__always)
  var entrySize: UInt64 { 1 &<< UInt64(entryShift) }
}
