public import MemoryTypes

extension TranslationFormat {
  /// arm64 (VMSAv8-64) stage 1 for EL1 and EL0.
  ///
  /// Arm ARM (DDI 0487) D8.3 "Translation table descriptor formats", D8.4 "Memory access control",
  /// D8.5 "Memory region attributes", D8.7 on the contiguous bit. 4 KiB granule:
  ///
  ///      63  62 61  60   59  58  55 54  53  52   51  50  48 47       12 11 10 9 8 7  6 5 4  2 1 0
  ///     +---+------+---+---+------+---+---+----+---+-------+-----------+--+--+---+----+--+----+---+
  ///     |      ignored     |  sw  |UXN|PXN|Cont|DBM|  res0 |  address  |nG|AF|SH |AP21|NS|Attr|1 1|
  ///     |      ignored     |  sw  |UXN|PXN|Cont|DBM|  res0 |  address  |nG|AF|SH |AP21|NS|Attr|0 1|
  ///     |NST|APTab |UXN|PXN|       ignored         |  res0 |  address  |       ignored        |1 1|
  ///     +---+------+---+---+-----------------------+-------+-----------+----------------------+---+
  ///       rows: page (last level), block (levels above), table (levels above)
  ///
  /// The address starts at bit 14 for 16 KiB granules and at bit 16 for 64 KiB. With 52-bit
  /// physical addresses (FEAT_LPA, 64 KiB only) its bits 51:48 stand in bits 15:12:
  ///
  ///      47            16 15       12 11
  ///     +----------------+-----------+--      all three rows
  ///     | address 47:16  | adr 51:48 | …
  ///     +----------------+-----------+--
  ///
  /// Blocks: 4 KiB granules at 1 GiB and 2 MiB, 16 KiB at 32 MiB, 64 KiB at 512 MiB (and 4 TiB with
  /// FEAT_LPA). Contiguous groups: 16 entries at each level of 4 KiB; 128 pages or 32 blocks of
  /// 16 KiB; 32 pages or 32 blocks of 64 KiB.
  ///
  /// AP[2] (bit 7) means read-only, AP[1] (bit 6) "EL0 too". DBM says that software allows writes
  /// and hardware may clear AP[2] at the first: *writable and clean* is DBM with AP[2] set (D8.4.6);
  /// hardware without it faults, and software clears AP[2] itself. A dirty page that lost its
  /// write permission is remembered in software bit 55. The others: 56 special, 57 device memory
  /// (both as Linux has them), 58 soft-dirty (ours; Linux has none on arm64). For the indices of
  /// memory types see `MemoryType`. Bits that are res0 do nothing. With bit 0 clear the hardware
  /// ignores the rest; bit 11 then marks a leaf that admits nobody, else it is software's entry:
  ///
  ///      63 62 61            12  11 10     6 5  4  3   2   1 0
  ///     +-----+----------------+---+--------+-----+--+---+----+
  ///     |  0  |     offset     | 0 |  type  |  0  |SD| E | 00 |      E exclusive, SD soft-dirty
  ///     +-----+----------------+---+--------+-----+--+---+----+
  ///
  /// - Parameters:
  ///   - virtualAddressBits: 64 - T0SZ, the same for both halves: at most 48, or 52 for 64 KiB and,
  ///     with FEAT_LPA2, for 16 KiB: TCR_EL1.DS then says the shareability, and no leaf does.
  ///   - physicalAddressBits: TCR_EL1.IPS; descriptors that name more give an address-size fault.
  public static func arm64(
    pageSize: PageSize = .size4K, virtualAddressBits: UInt8 = 48, physicalAddressBits: UInt8 = 48
  ) -> TranslationFormat {
    let isLarge = pageSize == .size64K
    let widest: UInt8 = pageSize == .size4K ? 48 : 52
    precondition(virtualAddressBits <= widest, "virtual addresses of 48 or 52 bits")
    precondition(physicalAddressBits <= (isLarge ? 52 : 48), "physical addresses of 48 or 52 bits")
    var bits = DescriptorBits.arm64
    if virtualAddressBits > 48, !isLarge { bits.shareability = 0 }
    bits.address = 0x0000_FFFF_FFFF_FFFF & ~UInt64(pageSize.offsetMask)
    bits.reserved = bits.address & ~((1 << UInt64(physicalAddressBits)) &- 1)
    if physicalAddressBits > 48 {
      bits.highAddress = 0xF000
      bits.highAddressShift = 36
      bits.reserved |= 0xF000 & ~((1 << UInt64(physicalAddressBits - 36)) &- 1)
    }
    return TranslationFormat(
      architecture: .arm64, pageSize: pageSize, virtualAddressBits: virtualAddressBits,
      entryShift: 3, leafLevels: leafLevels(pageSize, physicalAddressBits),
      contiguousShifts: pageSize == .size4K ? 0x444 : pageSize == .size16K ? 0x57 : 0x55,
      canonicalShift: virtualAddressBits, hasHighHalf: true, hasHighRoot: true,
      kernelStart: VirtualAddress(0 &- (1 << UInt(virtualAddressBits))),
      malformedFault: .translation, reservedFault: .addressSize, bits: bits.completed())
  }

  private static func leafLevels(_ pageSize: PageSize, _ physicalAddressBits: UInt8) -> UInt8 {
    if pageSize == .size4K { return 0b111 }
    return pageSize == .size64K && physicalAddressBits > 48 ? 0b111 : 0b11
  }
}

extension DescriptorBits {
  static var arm64: DescriptorBits {
    DescriptorBits(
      tableKind: 3, pageKind: 3, valid: 1 << 0, inaccessible: 1 << 11, kindMask: 3, blockKind: 1,
      pageKindMask: 3, lowTable: 3, highTable: 3,
      user: 1 << 6, writable: 1 << 51, readOnly: 1 << 7,
      noExecuteUser: 1 << 54, noExecuteKernel: 1 << 53,
      accessed: 1 << 10, dirty: 1 << 55, notGlobal: 1 << 11, contiguous: 1 << 52,
      special: 1 << 56, deviceMemory: 1 << 57, softDirty: 1 << 58, shareability: 3 << 8,
      memoryTypeMask: 7 << 2, memoryTypeIndices: 0x0665_3420, memoryTypes: 0x3542_3100,
      memoryTypeShift: 2, tableReadOnly: 1 << 62, tableNoUser: 1 << 61,
      tableNoExecuteUser: 1 << 60, tableNoExecuteKernel: 1 << 59,
      software: SoftwareEntryBits(
        typeShift: 6, offsetShift: 12, offsetBits: 50, isInverted: false, exclusive: 1 << 2,
        softDirty: 1 << 3))
  }
}
