public import Machine
public import MemoryTypes

/// A place in the page tables, from which the entries of a range are read upwards.
///
///     level 3   table ── entry            the cursor keeps the table of each level on the way, so
///     level 2      └── table ── entry     the next entry costs one load, and no walk from the root
///     level 1             └── table
///     level 0                  └── table ── here
///
/// A plain value: it can be kept, copied and resumed, as long as none of the tables it stands in
/// was freed since. Entries may be changed behind it and at it. Empty entries are passed over, each
/// table is entered at most once, and after more tables than RAM has frames there must be a loop:
/// then `isDamaged` and no more entries.
/// - Complexity: all entries of a range, O(entries + tables touched).
///
/// Linux: `walk_page_range()`, mm/pagewalk.c.
@frozen
public struct TableCursor: Sendable {
  /// The address of the next entry to look at, without the bits above those translated.
  var position: UInt
  let last: UInt
  /// Those bits, where the root serves only one half.
  let upper: UInt
  let root: PhysicalAddress
  var tables: InlineArray<5, PhysicalAddress>
  var level: TranslationLevel
  var isAtEnd: Bool
  /// Entering more tables than there are frames ended the cursor.
  public internal(set) var isDamaged = false
  var tablesLeft: UInt

  /// A cursor before the first entry of `range`, in the tables under `root`.
  ///
  /// Addresses that the format does not translate are left out. A `range.end` of 0 means the end
  /// of the address space.
  public init(
    _ range: VirtualRange, root: PageFrameNumber, format: TranslationFormat, memory: DirectMap
  ) {
    let mask = format.translatedMask
    let highHalf = VirtualAddress(UInt.max << UInt(format.canonicalShift))
    var first = range.start
    var last = VirtualAddress(range.end.rawValue &- 1)
    isAtEnd = range.start == range.end
    if !format.isCanonical(first) {
      isAtEnd = isAtEnd || !format.hasHighHalf || format.hasHighRoot
      first = highHalf
    }
    let isCut = format.hasHighRoot && first < highHalf && last >= highHalf
    if !format.isCanonical(last) || isCut {
      isAtEnd = isAtEnd || first >= highHalf && format.hasHighHalf
      last = VirtualAddress(UInt.max >> UInt(UInt.bitWidth - Int(format.canonicalShift)))
    }
    position = first.rawValue & mask
    self.last = last.rawValue & mask
    upper = format.hasHighRoot ? first.rawValue & ~mask : 0
    self.root = format.pageSize.address(of: root)
    tables = .init(repeating: self.root)
    level = format.root
    tablesLeft = format.pageSize.pages(in: memory.count).rawValue
    isAtEnd = isAtEnd || !memory.contains(self.root) || position > self.last
  }

  /// The next entry that is neither empty nor a pointer to a table in RAM; nil at the end.
  public mutating func next(
    _ format: borrowing TranslationFormat, _ memory: DirectMap
  ) -> TableEntry? {
    while !isAtEnd {
      let shift = format.shift(of: level)
      let here = min(last, position | coverage(format))
      let count = (here &>> shift) &- (position &>> shift) &+ 1
      let index = (position &>> shift) & (format.entryCount(of: level) &- 1)
      var location = PhysicalAddress(
        tables[Int(level.rawValue)].rawValue &+ UInt64(index) &<< UInt64(format.entryShift))
      guard let found = firstEntry(format, memory, at: &location, count) else {
        advance(past: here, format)
        continue
      }
      let block = ((position &>> shift) &+ found.index) &<< shift
      let level = level
      let kind = format.kind(of: found.descriptor, at: level)
      if kind == .table, enter(found.descriptor, at: max(block, position), format, memory) {
        continue
      }
      advance(past: block | ((1 &<< shift) &- 1), format)
      return TableEntry(
        address: address(of: block, format), level: level, kind: kind,
        descriptor: found.descriptor, location: location)
    }
    return nil
  }

  /// Goes on behind `address`, which must not be before the place of the cursor.
  mutating func skip(past address: VirtualAddress, _ format: borrowing TranslationFormat) {
    guard !isAtEnd else { return }
    let place = address.rawValue & format.translatedMask
    guard place >= position else { return }
    while level < format.root, place ^ position > coverage(format) { level = level.above }
    advance(past: place, format)
  }

  /// The first of `count` entries from `location` on that is not 0.
  @inline(__always)
  private func firstEntry(
    _ format: borrowing TranslationFormat, _ memory: DirectMap,
    at location: inout PhysicalAddress, _ count: UInt
  ) -> (index: UInt, descriptor: UInt64)? {
    var index: UInt = 0
    while index < count {
      let descriptor = format.load(location, in: memory)
      if descriptor != 0 { return (index, descriptor) }
      index &+= 1
      location = PhysicalAddress(location.rawValue &+ format.entrySize)
    }
    return nil
  }

  /// Goes down into the table that `descriptor` points to, unless it lies beyond RAM.
  @inline(__always)
  private mutating func enter(
    _ descriptor: UInt64, at position: UInt, _ format: borrowing TranslationFormat,
    _ memory: DirectMap
  ) -> Bool {
    let table = format.blockAddress(in: descriptor, at: .pte)
    guard memory.contains(table) else { return false }
    self.position = position
    guard tablesLeft > 0 else {
      isDamaged = true
      isAtEnd = true
      return true
    }
    tablesLeft &-= 1
    level = level.below
    tables[Int(level.rawValue)] = table
    return true
  }

  /// Stands behind `place`, and climbs out of the tables that end there.
  @inline(__always)
  private mutating func advance(past place: UInt, _ format: borrowing TranslationFormat) {
    guard place < last else { return isAtEnd = true }
    position = place &+ 1
    while level < format.root, position & coverage(format) == 0 { level = level.above }
  }

  /// The address bits that one table of the current level translates.
  @inline(__always)
  private func coverage(_ format: borrowing TranslationFormat) -> UInt {
    guard level < format.root else { return format.translatedMask }
    return 1 &<< (format.shift(of: level) &+ UInt(format.bitsPerLevel)) &- 1
  }

  @inline(__always)
  private func address(
    of position: UInt, _ format: borrowing TranslationFormat
  ) -> VirtualAddress {
    upper != 0
      ? VirtualAddress(upper | position) : format.canonical(VirtualAddress(position))
  }
}

extension TranslationFormat {
  /// The address bits that the tables translate.
  @inline(__always)
  var translatedMask: UInt { UInt.max >> UInt(UInt.bitWidth - Int(virtualAddressBits)) }
}
