public import MemoryTypes

/// How one architecture at one geometry writes its page tables: pure data, read by one walker.
///
/// All tables of a format are one page of entries (the root may be shorter), so page size, entry
/// size and address bits give the rest:
///
///     bits per level = page shift - log2(entry size)
///     shift(level)   = page shift + level × bits per level
///
///     x86-64 4-level   |63      48|47   39|38   30|29   21|20   12|11       0|
///                      | = bit 47 |  p4d  |  pud  |  pmd  |  pte  |  offset  |
///     arm64 4K/48      |  0 or 1s |  L0   |  L1   |  L2   |  L3   |  offset  |
///     i386                                |31    22|21    12|11       0|
///                                         |  pmd   |  pte   |  offset  |
///
/// The formats: `x86_64` (four and five levels), `i386`, `i386PAE`, `arm64` (4, 16 and 64 KiB).
/// They stand in this module, below the one that edits tables, because the MMU reads them too.
@frozen
public struct TranslationFormat: Hashable, Sendable {
  public let architecture: Architecture
  public let pageSize: PageSize
  public let virtualAddressBits: UInt8
  /// log2 of the size of an entry in bytes: 2 or 3.
  public let entryShift: UInt8
  /// Bit n set: level n may hold leaves.
  public let leafLevels: UInt8
  /// One nibble per level: log2 of the leaves of a contiguous group; 0 where there are none.
  public let contiguousShifts: UInt16
  /// Addresses are canonical when the bits from here up are equal: all 0, or all 1 if there is a
  /// high half.
  public let canonicalShift: UInt8
  public let hasHighHalf: Bool
  /// The high half has a root of its own (arm64: TTBR1).
  public let hasHighRoot: Bool
  /// Where kernel addresses start that all roots share; for formats without a high root.
  public let kernelStart: VirtualAddress
  /// What the architecture reports for a descriptor of no known kind, and for reserved bits.
  public let malformedFault: MMUFault.Kind
  public let reservedFault: MMUFault.Kind
  public let bits: DescriptorBits
  /// What reads the tables.
  public let walker: TableWalker
  /// Address bits that one full table translates: 9 to 13.
  public let bitsPerLevel: UInt8
  /// The level of the root table.
  public let root: TranslationLevel

  init(
    architecture: Architecture, pageSize: PageSize, virtualAddressBits: UInt8, entryShift: UInt8,
    leafLevels: UInt8, contiguousShifts: UInt16, canonicalShift: UInt8, hasHighHalf: Bool,
    hasHighRoot: Bool,
    kernelStart: VirtualAddress, malformedFault: MMUFault.Kind, reservedFault: MMUFault.Kind,
    bits: DescriptorBits
  ) {
    self.architecture = architecture
    self.pageSize = pageSize
    self.virtualAddressBits = virtualAddressBits
    self.entryShift = entryShift
    self.leafLevels = leafLevels
    self.contiguousShifts = contiguousShifts
    self.canonicalShift = canonicalShift
    self.hasHighHalf = hasHighHalf
    self.hasHighRoot = hasHighRoot
    self.kernelStart = kernelStart
    self.malformedFault = malformedFault
    self.reservedFault = reservedFault
    self.bits = bits
    let perLevel = pageSize.shift - entryShift
    bitsPerLevel = perLevel
    root = TranslationLevel((virtualAddressBits - pageSize.shift - 1) / perLevel)
    let isFullRoot = (virtualAddressBits - pageSize.shift) % perLevel == 0
    walker = TableWalker(
      bits, root: root, canonicalShift: canonicalShift,
      isRegular: entryShift == 3 && perLevel == 9 && isFullRoot && hasHighHalf
        && bits.highAddress == 0 && !bits.rootGrantsAll)
  }

  /// The number of table levels from the root to the last: 2 to 5.
  public var levelCount: Int { Int(root.rawValue) + 1 }

  /// log2 of the bytes that one entry of `level` covers.
  @inlinable @inline(__always)
  public func shift(of level: TranslationLevel) -> UInt {
    UInt(pageSize.shift) &+ UInt(level.rawValue) &* UInt(bitsPerLevel)
  }

  /// The bytes that one entry of `level` covers. Linux: `PMD_SIZE` and its like.
  @inline(__always)
  public func span(of level: TranslationLevel) -> ByteCount { ByteCount(1 &<< shift(of: level)) }

  /// The number of entries in a table of `level`; the root may have fewer than the others.
  @inlinable @inline(__always)
  public func entryCount(of level: TranslationLevel) -> UInt {
    level == root ? 1 &<< (UInt(virtualAddressBits) &- shift(of: level)) : 1 &<< UInt(bitsPerLevel)
  }

  /// Which entry of a table of `level` translates `address`.
  @inline(__always)
  public func index(of address: VirtualAddress, at level: TranslationLevel) -> UInt {
    (address.rawValue &>> shift(of: level)) & (entryCount(of: level) &- 1)
  }

  /// log2 of the number of leaves of `level` that make a contiguous group; 0 where there are none.
  ///
  /// Linux: `CONT_PTE_SHIFT`, `CONT_PMD_SHIFT`, less the size of a leaf.
  @inline(__always)
  public func contiguousShift(of level: TranslationLevel) -> UInt {
    UInt(contiguousShifts >> (UInt16(level.rawValue) &* 4) & 15)
  }

  /// The bytes that a contiguous group of leaves of `level` covers; those of one leaf where there
  /// are no groups.
  @inline(__always)
  public func groupSpan(of level: TranslationLevel) -> ByteCount {
    ByteCount(1 &<< (shift(of: level) &+ contiguousShift(of: level)))
  }

  /// The first address that the entry of `level` for `address` covers.
  @inline(__always)
  public func blockStart(_ address: VirtualAddress, at level: TranslationLevel) -> VirtualAddress {
    VirtualAddress(address.rawValue & ~(span(of: level).rawValue &- 1))
  }

  /// The last address that the entry of `level` for `address` covers.
  @inline(__always)
  public func blockLast(_ address: VirtualAddress, at level: TranslationLevel) -> VirtualAddress {
    VirtualAddress(address.rawValue | (span(of: level).rawValue &- 1))
  }

  /// Whether the architecture translates `address` at all.
  @inlinable @inline(__always)
  public func isCanonical(_ address: VirtualAddress) -> Bool {
    guard hasHighHalf else { return address.rawValue >> UInt(canonicalShift) == 0 }
    let upper = Int(bitPattern: address.rawValue) &>> Int(canonicalShift)
    return upper == 0 || upper == -1
  }

  /// The address with the upper bits that make it canonical, where one root serves both halves.
  public func canonical(_ address: VirtualAddress) -> VirtualAddress {
    guard hasHighHalf, !hasHighRoot else { return address }
    let unused = UInt.bitWidth - Int(virtualAddressBits)
    return VirtualAddress(UInt(bitPattern: Int(bitPattern: address.rawValue << unused) >> unused))
  }

  /// Whether `address` lies in the upper part that only kernels use.
  @inline(__always)
  public func isHigh(_ address: VirtualAddress) -> Bool { address >= kernelStart }
}
