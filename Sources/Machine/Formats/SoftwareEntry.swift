public import MemoryTypes

/// What software keeps in an entry that the hardware sees as "not valid".
@frozen
public enum SoftwareEntry: Hashable, Sendable {
  case swap(SwapEntry)
  case migration(MigrationEntry)
  /// No page may ever come here. Linux: `PTE_MARKER_GUARD`.
  case guardMarker
}

/// Where a page went: a slot of a swap area. Linux: `swp_entry_t`, include/linux/swapops.h.
@frozen
public struct SwapEntry: Hashable, Sendable {
  /// The number of the area, below `SwapEntry.areaCount`.
  public var area: UInt8
  /// The slot, below `TranslationFormat.swapOffsetLimit`; slot 0 of area 0, a header, is no page.
  public var offset: UInt64
  /// Only this address space had the page. Linux: `pte_swp_exclusive()`.
  public var isExclusive: Bool
  /// Linux: `pte_swp_soft_dirty()`.
  public var isSoftDirty: Bool

  public init(
    area: UInt8, offset: UInt64, isExclusive: Bool = false, isSoftDirty: Bool = false
  ) {
    self.area = area
    self.offset = offset
    self.isExclusive = isExclusive
    self.isSoftDirty = isSoftDirty
  }

  /// Five bits name the area; the last four names say "marker" and "migration".
  /// Linux: `MAX_SWAPFILES`.
  public static var areaCount: UInt8 { 28 }
}

/// A page on its way to another frame: who meets the entry waits. Linux: `is_migration_entry()`.
@frozen
public struct MigrationEntry: Hashable, Sendable {
  /// Where the page is still.
  public var frame: PageFrameNumber
  /// The leaf it stands for allowed writes.
  public var isWritable: Bool
  /// Only this address space has the page; true for each that is writable.
  public var isExclusive: Bool
  public var isSoftDirty: Bool

  public init(
    frame: PageFrameNumber, isWritable: Bool, isExclusive: Bool = false, isSoftDirty: Bool = false
  ) {
    self.frame = frame
    self.isWritable = isWritable
    self.isExclusive = isExclusive || isWritable
    self.isSoftDirty = isSoftDirty
  }
}

extension TranslationFormat {
  /// Slots of a swap area from here up fit no entry: 2^50, on i386 without PAE 2^23.
  public var swapOffsetLimit: UInt64 { 1 << UInt64(bits.software.offsetBits) }

  /// The descriptor that keeps `entry`: not valid, not empty, no leaf.
  ///
  /// - Precondition: area and offset are within their limits, and not both 0.
  public func descriptor(of entry: SoftwareEntry) -> UInt64 {
    let marks = bits.software
    switch entry {
    case .swap(let swap):
      precondition(swap.area < SwapEntry.areaCount, "an area that has no number")
      precondition(swap.area != 0 || swap.offset != 0, "the header of a swap area is no page")
      let word = pack(type: swap.area, offset: swap.offset, isSoftDirty: swap.isSoftDirty)
      return swap.isExclusive ? word | marks.exclusive : word
    case .migration(let migration):
      let type: UInt8 = migration.isWritable ? 31 : migration.isExclusive ? 30 : 29
      return pack(
        type: type, offset: UInt64(migration.frame.rawValue), isSoftDirty: migration.isSoftDirty)
    case .guardMarker: return pack(type: 28, offset: 4, isSoftDirty: false)
    }
  }

  private func pack(type: UInt8, offset: UInt64, isSoftDirty: Bool) -> UInt64 {
    let marks = bits.software
    precondition(offset < swapOffsetLimit, "an offset that no entry can hold")
    let stored = marks.isInverted ? ~offset & (swapOffsetLimit &- 1) : offset
    return UInt64(type) << UInt64(marks.typeShift) | stored << UInt64(marks.offsetShift)
      | (isSoftDirty ? marks.softDirty : 0)
  }

  /// What a descriptor of kind `.software` keeps; every bit pattern has an answer.
  public func softwareEntry(in descriptor: UInt64) -> SoftwareEntry {
    let marks = bits.software
    let type = UInt8(truncatingIfNeeded: descriptor >> UInt64(marks.typeShift)) & 31
    let stored = descriptor >> UInt64(marks.offsetShift)
    let offset = (marks.isInverted ? ~stored : stored) & (swapOffsetLimit &- 1)
    let isSoftDirty = descriptor & marks.softDirty != 0
    guard type >= SwapEntry.areaCount else {
      return .swap(
        SwapEntry(
          area: type, offset: offset, isExclusive: descriptor & marks.exclusive != 0,
          isSoftDirty: isSoftDirty))
    }
    if type == 28 { return .guardMarker }
    return .migration(
      MigrationEntry(
        frame: PageFrameNumber(UInt(truncatingIfNeeded: offset)), isWritable: type == 31,
        isExclusive: type == 30, isSoftDirty: isSoftDirty))
  }

  /// The descriptor of software's own after a second address space got it: not exclusive, and a
  /// migration entry not writable.
  public func shared(software descriptor: UInt64) -> UInt64 {
    let marks = bits.software
    let type = UInt8(truncatingIfNeeded: descriptor >> UInt64(marks.typeShift)) & 31
    guard type >= SwapEntry.areaCount else { return descriptor & ~marks.exclusive }
    if type == 28 { return descriptor }
    return descriptor & ~(31 << UInt64(marks.typeShift)) | 29 << UInt64(marks.typeShift)
  }
}
