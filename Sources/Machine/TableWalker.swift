public import MemoryTypes

/// The few words of a format that each step of a walk reads, and the walk itself.
///
///     table ─ index ─> entry ── pointer to a table ──> next level …
///                        ├───── page of the last level ──────────> settled
///                        └───── anything else: a larger leaf, nothing, garbage ──> not settled
///
/// Apart from `TranslationFormat`, whose many words would be copied at each walk, where these stay
/// in registers. What is rare is left to the format: `TranslationFormat.settled(…)`.
@frozen
public struct TableWalker: Hashable, Sendable {
  /// As in `DescriptorBits`.
  @usableFromInline let tableMask: UInt64
  @usableFromInline let tableKind: UInt64
  @usableFromInline let pageMask: UInt64
  @usableFromInline let pageKind: UInt64
  @usableFromInline let address: UInt64
  @usableFromInline let canonicalShift: UInt8
  @usableFromInline let root: TranslationLevel
  /// The tables are of `TableShape.regular`, and there is a high half.
  @usableFromInline let isRegular: Bool

  init(_ bits: DescriptorBits, root: TranslationLevel, canonicalShift: UInt8, isRegular: Bool) {
    tableMask = bits.tableMask
    tableKind = bits.tableKind
    pageMask = bits.pageMask
    pageKind = bits.pageKind
    address = bits.address
    self.canonicalShift = canonicalShift
    self.root = root
    self.isRegular = isRegular
  }

  /// The walk as far as it is settled here; formats that are not regular are not even begun.
  @inlinable @inline(__always)
  public func walk(
    _ address: VirtualAddress, from table: PageFrameNumber, at level: TranslationLevel? = nil,
    downTo end: TranslationLevel = .pte, in memory: DirectMap
  ) -> TranslationWalk {
    walk(address, from: table, at: level, downTo: end, in: memory) { _ in }
  }

  /// The same, and calls `visit` after each entry that was read, with what is known so far.
  @inlinable @inline(__always)
  func walk(
    _ address: VirtualAddress, from table: PageFrameNumber, at level: TranslationLevel? = nil,
    downTo end: TranslationLevel = .pte, in memory: DirectMap,
    visiting visit: (TranslationWalk) -> Void
  ) -> TranslationWalk {
    let level = level ?? root
    guard isRegular else { return TranslationWalk(startingAt: level) }
    guard isInEitherHalf(address) else { return TranslationWalk(nonCanonicalAt: level) }
    return descend(address, table, level, end, memory, .regular, visit)
  }

  /// Goes down from the table of level `start`: this loop prices every miss of a TLB.
  @inlinable @inline(__always)
  func descend(
    _ address: VirtualAddress, _ table: PageFrameNumber, _ start: TranslationLevel,
    _ end: TranslationLevel, _ memory: DirectMap, _ shape: TableShape,
    _ visit: (TranslationWalk) -> Void
  ) -> TranslationWalk {
    var place = WalkPlace(address, in: table, of: start, shape)
    while true {
      guard place.read(in: memory, shape) else { return place.walk.endedBeyondMemory }
      let isTable = place.passTable(self, shape, downTo: end)
      visit(place.walk)
      guard isTable else { return isPage(place.walk) ? place.walk.ended(.leaf) : place.walk }
      place.goDown(self, shape)
    }
  }

  /// The walk through the four levels under `table` to a page; nil where it is any other.
  ///
  /// The most frequent walk by far, in code without loops. It judges the pointers to tables all
  /// together, when it has the page: garbage leads somewhere else in RAM or out of it, and then
  /// the answer is nil.
  @inlinable @inline(__always)
  public func pageWalk(
    _ address: VirtualAddress, from table: PageFrameNumber, in memory: DirectMap
  ) -> TranslationWalk? {
    guard isRegular, root == .p4d, isInEitherHalf(address) else { return nil }
    var place = WalkPlace(address, in: table, of: .p4d, .regular)
    while place.read(in: memory, .regular) {
      guard place.passTable(self, .regular, downTo: .pte) else {
        return isPage(place.walk) ? place.walk.ended(.leaf) : nil
      }
      place.goDown(self, .regular)
    }
    return nil
  }

  /// Whether all that the walk noted are sound pointers to tables.
  @inlinable @inline(__always)
  func areTables(_ walk: TranslationWalk) -> Bool {
    walk.common & tableMask == tableKind && walk.union & tableMask == tableKind
  }

  /// The byte behind `address`, where `pageWalk` found a page.
  @inlinable @inline(__always)
  public func physicalAddress(
    of address: VirtualAddress, inPage walk: TranslationWalk
  ) -> PhysicalAddress {
    PhysicalAddress(walk.descriptor & self.address | UInt64(address.rawValue) & 0xFFF)
  }

  @inlinable @inline(__always)
  func isPage(_ walk: TranslationWalk) -> Bool {
    walk.level == .pte && walk.descriptor & pageMask == pageKind
  }

  @inlinable @inline(__always)
  func isInEitherHalf(_ address: VirtualAddress) -> Bool {
    let upper = Int(bitPattern: address.rawValue) &>> Int(truncatingIfNeeded: canonicalShift)
    return UInt(bitPattern: upper &+ 1) < 2
  }
}

/// Where a walk is.
@frozen
@usableFromInline struct WalkPlace {
  @usableFromInline var walk: TranslationWalk
  @usableFromInline var table: UInt64
  @usableFromInline var indices: UInt64

  @inlinable @inline(__always)
  init(
    _ address: VirtualAddress, in table: PageFrameNumber, of level: TranslationLevel,
    _ shape: TableShape
  ) {
    walk = TranslationWalk(startingAt: level)
    self.table = UInt64(table.rawValue) &<< shape.pageShift
    indices = shape.indices(of: address, from: level)
  }

  /// Reads the entry, if the table is in RAM.
  @inlinable @inline(__always)
  mutating func read(in memory: DirectMap, _ shape: TableShape) -> Bool {
    let offset = shape.offset(indices)
    walk.entry = PhysicalAddress(table &+ offset)
    guard memory.contains(PhysicalAddress(table)) else { return false }
    let entry = unsafe memory.pointer(to: PhysicalAddress(table), offset: offset)
    // SAFETY: a table is a page in RAM, or less; both sizes of entries divide it.
    walk.descriptor =
      shape.entryShift == 3
      ? unsafe entry.load(as: UInt64.self) : unsafe UInt64(entry.load(as: UInt32.self))
    walk.references &+= 1
    return true
  }

  /// Whether the entry is a sound pointer to a table above `end`; if so, takes what it says into
  /// account.
  @inlinable @inline(__always)
  mutating func passTable(
    _ walker: TableWalker, _ shape: TableShape, downTo end: TranslationLevel
  ) -> Bool {
    let isSpecial = shape.isRootSpecial && walk.level == walker.root
    let mask = isSpecial ? walker.tableMask | shape.rootReserved : walker.tableMask
    guard walk.level > end, walk.descriptor & mask == walker.tableKind else { return false }
    if !isSpecial { noteTable() }
    return true
  }

  /// Takes what the pointer to a table says into account.
  @inlinable @inline(__always)
  mutating func noteTable() {
    walk.common &= walk.descriptor
    walk.union |= walk.descriptor
  }

  /// To the table that the entry points to.
  @inlinable @inline(__always)
  mutating func goDown(_ walker: TableWalker, _ shape: TableShape) {
    table = walk.descriptor & walker.address
    if shape.highAddress != 0 {
      table |= (walk.descriptor & shape.highAddress) &<< shape.highAddressShift
    }
    indices = indices &<< shape.bitsPerLevel
    walk.level = walk.level.below
  }
}
