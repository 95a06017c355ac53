internal import MemoryTypes

extension TranslationFormat {
  /// x86-64 with four levels of 4 KiB tables.
  ///
  /// Intel SDM volume 3A, section 4.5.4 "Linear-Address Translation with 4-Level Paging",
  /// tables 4-15 (PML4E) to 4-20 (PTE); AMD64 APM volume 2, section 5.3.
  ///
  ///      63 62    59 58    52 51            12 11  9  8   7   6  5   4   3   2   1  0
  ///     +--+--------+--------+----------------+-----+---+---+---+--+---+---+---+--+--+
  ///     |NX| PKEY   | ignored| address 51:12  | avl | G |PAT| D | A|PCD|PWT|U/S|RW| P|  page
  ///     |NX| PKEY   | ignored| address 51:21  | avl | G | 1 | D | A|PCD|PWT|U/S|RW| P|  block
  ///     |NX|     ignored     | address 51:12  |   ignored | 0 | A|PCD|PWT|U/S|RW| P|  table
  ///     +--+-----------------+----------------+-----------+---+--+---+---+---+--+--+
  ///
  /// Bit 12 of a block is its PAT bit. Permissions of all levels combine (section 4.6): a write
  /// needs RW in each, a user access U/S in each, NX in any forbids execution. PAT entries 0 to 3
  /// are WB, WC, UC-, UC as Linux programs them, so PWT and PCD suffice. With P clear the
  /// hardware ignores the rest; bit 8 then marks a leaf that admits nobody.
  ///
  /// - Parameter physicalAddressBits: MAXPHYADDR, 36 to 52; address bits above are reserved.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  public static func x86_64(physicalAddressBits: UInt8 = 52) -> TranslationFormat {
    var bits = DescriptorBits.x86
    bits.address = 0x000F_FFFF_FFFF_F000
    bits.reserved = bits.address & ~((1 << UInt64(physicalAddressBits)) &- 1)
    bits.noExecuteUser = 1 << 63
    bits.noExecuteKernel = 1 << 63
    bits.tableNoExecuteUser = 1 << 63
    bits.tableNoExecuteKernel = 1 << 63
    return TranslationFormat(
      architecture: .x86_64, pageSize: .size4K, virtualAddressBits: 48, entryShift: 3,
      leafLevels: 0b0111, canonicalShift: 47, hasHighHalf: true, hasHighRoot: false,
      kernelStart: VirtualAddress(UInt(truncatingIfNeeded: 0xFFFF_8000_0000_0000 as UInt64)),
      malformedFault: .reservedBit, reservedFault: .reservedBit, bits: bits)
  }
}

extension DescriptorBits {
  /// The low twelve bits, which all x86 formats share.
  static var x86: DescriptorBits {
    DescriptorBits(
      valid: 1 << 0, inaccessible: 1 << 8,
      kindMask: 1 << 7 | 1 << 0, tableKind: 1 << 0, blockKind: 1 << 7 | 1 << 0,
      pageMask: 1 << 0, pageKind: 1 << 0,
      address: 0xFFFF_F000, reserved: 0,
      leafBase: 0, userBase: 0, kernelBase: 0,
      // Present, writable, accessed, dirty as Linux has it; the low half also for programs.
      lowTable: 0x67, highTable: 0x63,
      user: 1 << 2, writable: 1 << 1, readOnly: 0, noExecuteUser: 0, noExecuteKernel: 0,
      accessed: 1 << 5, dirty: 1 << 6, hardwareDirty: 1 << 6, global: 1 << 8, notGlobal: 0,
      memoryTypeShift: 3, memoryTypeMask: 3 << 3, memoryTypeIndices: 0x3210,
      tableWritable: 1 << 1, tableReadOnly: 0, tableUser: 1 << 2, tableNoUser: 0,
      tableNoExecuteUser: 0, tableNoExecuteKernel: 0)
  }
}
