public import MemoryTypes

extension TranslationFormat {
  /// arm64 (VMSAv8-64) stage 1 for EL1 and EL0, with addresses of up to 48 bits.
  ///
  /// Arm ARM (DDI 0487), section D8.3 "Translation table descriptor formats", D8.4 "Memory access
  /// control", D8.5 "Memory region attributes". For the 4 KiB granule:
  ///
  ///      63  62 61  60   59  58  55 54  53  52   51  50  48 47       12 11 10 9 8 7  6 5 4  2 1 0
  ///     +---+------+---+---+------+---+---+----+---+-------+-----------+--+--+---+----+--+----+---+
  ///     |      ignored     |  sw  |UXN|PXN|Cont|DBM|  res0 |  address  |nG|AF|SH |AP21|NS|Attr|1 1|
  ///     |      ignored     |  sw  |UXN|PXN|Cont|DBM|  res0 |  address  |nG|AF|SH |AP21|NS|Attr|0 1|
  ///     |NST|APTab |UXN|PXN|       ignored         |  res0 |  address  |       ignored        |1 1|
  ///     +---+------+---+---+-----------------------+-------+-----------+----------------------+---+
  ///       rows: page (last level), block (levels above), table (levels above)
  ///
  /// AP[2] (bit 7) means read-only, AP[1] (bit 6) "EL0 too". DBM says that software allows writes
  /// and hardware may clear AP[2] at the first: *writable and clean* is DBM with AP[2] set (D8.4.6).
  /// A dirty page that lost its write permission is remembered in software bit 55. MAIR_EL1 as
  /// Linux has it: 0 normal write-back, 2 normal non-cacheable, 3 Device-nGnRnE, 4 Device-nGnRE.
  /// With bit 0 clear the hardware ignores the rest; bit 11 then marks a leaf that admits nobody.
  ///
  /// - Parameter virtualAddressBits: 64 - T0SZ, the same for both halves; at most 48, with
  ///   64 KiB pages 52.
  public static func arm64(
    pageSize: PageSize = .size4K, virtualAddressBits: UInt8 = 48, physicalAddressBits: UInt8 = 48
  ) -> TranslationFormat {
    precondition(virtualAddressBits <= (pageSize == .size64K ? 52 : 48), "wider than the tables")
    precondition(physicalAddressBits <= 48, "52-bit physical addresses come later")
    var bits = DescriptorBits.arm64
    bits.address = 0x0000_FFFF_FFFF_FFFF & ~UInt64(pageSize.offsetMask)
    bits.reserved = bits.address & ~((1 << UInt64(physicalAddressBits)) &- 1)
    return TranslationFormat(
      architecture: .arm64, pageSize: pageSize, virtualAddressBits: virtualAddressBits,
      entryShift: 3,
      // A block at level 1 (1 GiB) exists for 4 KiB granules only.
      leafLevels: pageSize == .size4K ? 0b0111 : 0b0011,
      canonicalShift: virtualAddressBits, hasHighHalf: true, hasHighRoot: true,
      kernelStart: VirtualAddress(0 &- (1 << UInt(virtualAddressBits))),
      malformedFault: .translation, reservedFault: .addressSize, bits: bits)
  }
}

extension DescriptorBits {
  static var arm64: DescriptorBits {
    DescriptorBits(
      valid: 1 << 0, inaccessible: 1 << 11,
      kindMask: 3, tableKind: 3, blockKind: 1, pageMask: 3, pageKind: 3,
      address: 0, reserved: 0,
      leafBase: 3 << 8,
      // Linux never lets the kernel execute a program's page, nor a program the kernel's.
      userBase: 1 << 53, kernelBase: 1 << 54,
      lowTable: 3, highTable: 3,
      user: 1 << 6, writable: 1 << 51, readOnly: 1 << 7,
      noExecuteUser: 1 << 54, noExecuteKernel: 1 << 53,
      accessed: 1 << 10, dirty: 1 << 55, hardwareDirty: 0, global: 0, notGlobal: 1 << 11,
      memoryTypeShift: 2, memoryTypeMask: 7 << 2, memoryTypeIndices: 0x3420,
      tableWritable: 0, tableReadOnly: 1 << 62, tableUser: 0, tableNoUser: 1 << 61,
      tableNoExecuteUser: 1 << 60, tableNoExecuteKernel: 1 << 59)
  }
}
