public import MemoryTypes

/// What the walker's loop knows of tables besides the bits of descriptors.
///
/// A value of its own, so that most formats get code in which all of it is constants.
@frozen
@usableFromInline struct TableShape {
  /// log2 of the bytes of a page, of an entry, and of the entries of a full table.
  @usableFromInline let pageShift: UInt64
  @usableFromInline let entryShift: UInt64
  @usableFromInline let bitsPerLevel: UInt64
  /// The address bits that the tables translate: the root may have fewer entries than a full table.
  @usableFromInline let translated: UInt64
  /// As in `DescriptorBits`.
  @usableFromInline let highAddress: UInt64
  @usableFromInline let highAddressShift: UInt64
  @usableFromInline let rootReserved: UInt64
  /// The root's entries have no permissions, and bits of their own that must be 0.
  @usableFromInline let isRootSpecial: Bool

  /// 512 entries of 8 bytes at each level, with the address in one piece: 4 KiB pages of x86-64,
  /// and of arm64 with 39 or 48 address bits.
  @inlinable @inline(__always)
  static var regular: TableShape {
    TableShape(pageShift: 12, entryShift: 3, bitsPerLevel: 9)
  }

  @inlinable @inline(__always)
  init(pageShift: UInt64, entryShift: UInt64, bitsPerLevel: UInt64) {
    self.pageShift = pageShift
    self.entryShift = entryShift
    self.bitsPerLevel = bitsPerLevel
    translated = ~0
    highAddress = 0
    highAddressShift = 0
    rootReserved = 0
    isRootSpecial = false
  }

  /// The index in the table of `level` in the uppermost bits, and those of the lower levels below
  /// it, each to be shifted up in its turn.
  @inlinable @inline(__always)
  func indices(of address: VirtualAddress, from level: TranslationLevel) -> UInt64 {
    let used = pageShift &+ bitsPerLevel &* (UInt64(level.rawValue) &+ 1)
    return (UInt64(address.rawValue) & translated) &<< (64 &- used)
  }

  /// The bytes from the start of a table to the entry of the uppermost index.
  @inlinable @inline(__always)
  func offset(_ indices: UInt64) -> UInt64 {
    (indices &>> (64 &- bitsPerLevel)) &<< entryShift
  }
}

extension TableShape {
  init(_ format: TranslationFormat) {
    pageShift = UInt64(format.pageSize.shift)
    entryShift = UInt64(format.entryShift)
    bitsPerLevel = UInt64(format.bitsPerLevel)
    translated = ~0 >> UInt64(64 - format.virtualAddressBits)
    highAddress = format.bits.highAddress
    highAddressShift = UInt64(format.bits.highAddressShift)
    rootReserved = format.bits.rootReserved
    isRootSpecial = format.bits.rootGrantsAll
  }
}
