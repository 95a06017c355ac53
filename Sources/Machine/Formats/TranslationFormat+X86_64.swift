internal import MemoryTypes

extension TranslationFormat {
  /// x86-64 with four or five levels of 4 KiB tables.
  ///
  /// Intel SDM volume 3A, chapter 5 "Paging" (4 in older editions), section 5.5 "4-Level Paging and
  /// 5-Level Paging", the tables of PML5E to PTE; AMD64 APM volume 2, section 5.3.
  ///
  ///      63 62    59 58    52 51           12 11  9  8   7   6  5   4   3   2   1  0
  ///     +--+--------+--------+---------------+-----+---+---+---+--+---+---+---+--+--+
  ///     |XD| PKEY   | ignored| address 51:12 | avl | G |PAT| D | A|PCD|PWT|U/S|RW| P|  page
  ///     |XD| PKEY   | ignored| adr 51:21|0|P | avl | G | 1 | D | A|PCD|PWT|U/S|RW| P|  2 MiB
  ///     |XD| PKEY   | ignored| adr 51:30|0|P | avl | G | 1 | D | A|PCD|PWT|U/S|RW| P|  1 GiB
  ///     |XD|     ignored     | address 51:12 |   ignored | 0 | A|PCD|PWT|U/S|RW| P|  table
  ///     +--+-----------------+---------------+-----------+---+--+---+---+---+--+--+
  ///
  /// Bit 12 of a block (P in the drawing) is its PAT bit; those between it and the address must
  /// be 0, as must address bits from MAXPHYADDR up, bit 7 where no leaf may stand, and XD without
  /// EFER.NXE. Permissions of all levels combine (section 5.6): a write needs RW in each, a user
  /// access U/S in each, XD in any forbids execution. Software bits as Linux has them: 9 special,
  /// 11 soft-dirty, 57 device memory. For the indices of memory types see `MemoryType`. With P
  /// clear the hardware ignores the rest; bit 8 then marks a leaf that admits nobody, else it is
  /// software's entry:
  ///
  ///      63  59 58                      9  8   7 4  3  2  1  0
  ///     +------+-------------------------+---+-----+--+--+--+--+
  ///     | type |        not offset       | 0 |  0  |E | 0|SD| 0|      E exclusive, SD soft-dirty
  ///     +------+-------------------------+---+-----+--+--+--+--+
  ///
  /// - Parameters:
  ///   - virtualAddressBits: 48, or 57 for five levels (CR4.LA57).
  ///   - physicalAddressBits: MAXPHYADDR, 36 to 52; address bits above are reserved.
  ///   - hasGigabyteLeaves: CPUID says PDPE1GB.
  ///   - hasExecuteDisable: EFER.NXE is set.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  public static func x86_64(
    virtualAddressBits: UInt8 = 48, physicalAddressBits: UInt8 = 52,
    hasGigabyteLeaves: Bool = true, hasExecuteDisable: Bool = true
  ) -> TranslationFormat {
    precondition(virtualAddressBits == 48 || virtualAddressBits == 57, "four or five levels")
    var bits = DescriptorBits.x86
    bits.address = 0x000F_FFFF_FFFF_F000
    bits.reserved = bits.address & ~((1 << UInt64(physicalAddressBits)) &- 1)
    bits.blockReserved = bits.address & ~(1 << 12)
    bits.deviceMemory = 1 << 57
    bits.forbidExecution(hasExecuteDisable)
    let canonicalShift = virtualAddressBits - 1
    return TranslationFormat(
      architecture: .x86_64, pageSize: .size4K, virtualAddressBits: virtualAddressBits,
      entryShift: 3, leafLevels: hasGigabyteLeaves ? 0b111 : 0b11, contiguousShifts: 0,
      canonicalShift: canonicalShift, hasHighHalf: true, hasHighRoot: false,
      kernelStart: VirtualAddress(UInt.max << UInt(canonicalShift)),
      malformedFault: .reservedBit, reservedFault: .reservedBit, bits: bits.completed())
  }
}

extension DescriptorBits {
  /// The low twelve bits, which all x86 formats share, and the entries of software of those with
  /// eight bytes.
  static var x86: DescriptorBits {
    DescriptorBits(
      tableKind: 1 << 0, pageKind: 1 << 0, valid: 1 << 0, inaccessible: 1 << 8,
      kindMask: 1 << 7 | 1 << 0, blockKind: 1 << 7 | 1 << 0, pageKindMask: 1 << 0,
      // Present, writable, accessed, dirty as Linux has it; the low half also for programs.
      lowTable: 0x67, highTable: 0x63,
      user: 1 << 2, writable: 1 << 1, accessed: 1 << 5, dirty: 1 << 6, hardwareDirty: 1 << 6,
      global: 1 << 8, special: 1 << 9, deviceMemory: 1 << 10, softDirty: 1 << 11,
      memoryTypeMask: 3 << 3, memoryTypeHighPage: 1 << 7, memoryTypeHighBlock: 1 << 12,
      memoryTypeIndices: 0x0572_3210, memoryTypes: 0x5260_3210, memoryTypeShift: 3,
      tableWritable: 1 << 1, tableUser: 1 << 2,
      software: SoftwareEntryBits(
        typeShift: 59, offsetShift: 9, offsetBits: 50, isInverted: true, exclusive: 1 << 3,
        softDirty: 1 << 1))
  }

  /// Gives bit 63 its meaning: XD, or reserved.
  mutating func forbidExecution(_ isEnabled: Bool) {
    guard isEnabled else { return reserved |= 1 << 63 }
    noExecute = 1 << 63
    tableNoExecuteUser = 1 << 63
    tableNoExecuteKernel = 1 << 63
  }
}
