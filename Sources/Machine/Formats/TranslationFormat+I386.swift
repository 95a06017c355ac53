internal import MemoryTypes

extension TranslationFormat {
  /// i386 without PAE: two levels of 1024 entries of 4 bytes, and 4 MiB blocks (CR4.PSE).
  ///
  /// Intel SDM volume 3A, chapter 5 "Paging" (4 in older editions), section 5.3 "32-Bit Paging".
  ///
  ///      31             22 21       13  12  11   9  8   7   6  5   4   3   2   1  0
  ///     +-----------------+-----------+---+------+---+---+---+--+---+---+---+--+--+
  ///     |         address 31:12           | avl  | G |PAT| D | A|PCD|PWT|U/S|RW| P|  page
  ///     |  address 31:22  |     0     |PAT| avl  | G | 1 | D | A|PCD|PWT|U/S|RW| P|  block
  ///     |         address 31:12           |  ignored | 0 |   | A|PCD|PWT|U/S|RW| P|  table
  ///     +-----------------+-----------+---+----------+---+---+--+---+---+---+--+--+
  ///
  /// Bits 21:13 of a block must be 0: physical addresses have 32 bits, no PSE-36. Nothing forbids
  /// execution. Kernel addresses start at 3 GiB, Linux's default split; their root entries are
  /// shared by all roots. Software bits: 9 special, 11 soft-dirty as on x86-64, 10 device memory
  /// (ours). Software's entry, with P and bit 8 clear:
  ///
  ///      31               9  8   7   6  5      1  0
  ///     +------------------+---+---+---+--------+--+
  ///     |      offset      | 0 | E |SD |  type  | 0|      E exclusive, SD soft-dirty
  ///     +------------------+---+---+---+--------+--+
  public static var i386: TranslationFormat {
    var bits = DescriptorBits.x86
    bits.address = 0xFFFF_F000
    bits.blockReserved = 0xFFFF_E000
    bits.software = SoftwareEntryBits(
      typeShift: 1, offsetShift: 9, offsetBits: 23, isInverted: false, exclusive: 1 << 7,
      softDirty: 1 << 6)
    return TranslationFormat(
      architecture: .i386, pageSize: .size4K, virtualAddressBits: 32, entryShift: 2,
      leafLevels: 0b11, contiguousShifts: 0, canonicalShift: 32, hasHighHalf: false,
      hasHighRoot: false, kernelStart: VirtualAddress(0xC000_0000), malformedFault: .reservedBit,
      reservedFault: .reservedBit, bits: bits.completed())
  }

  /// i386 with PAE: a root of 4 entries, two levels of 512 entries of 8 bytes, and 2 MiB blocks.
  ///
  /// Intel SDM volume 3A, chapter 5 "Paging" (4 in older editions), section 5.4 "PAE Paging".
  ///
  ///      63 62     M M-1           12 11  9 8      7   6  5   4   3   2   1  0
  ///     +--+--------+----------------+-----+------+---+--+---+---+---+---+--+--+
  ///     |0 |    0   | address M-1:12 | ign |    0     |  0   |PCD|PWT|   0  | P|  root
  ///     |XD|    0   | address M-1:12 |  ignored   | 0 |  | A |PCD|PWT|U/S|RW| P|  table
  ///     |XD|    0   | adr M-1:21|0|P | avl |  G   | 1 | D| A |PCD|PWT|U/S|RW| P|  2 MiB
  ///     |XD|    0   | address M-1:12 | avl |  G   |PAT| D| A |PCD|PWT|U/S|RW| P|  page
  ///     +--+--------+----------------+-----+------+---+--+---+---+---+---+--+--+
  ///
  /// M is MAXPHYADDR; P in the drawing of 2 MiB is the PAT bit, bit 12. The root's entries have no
  /// permissions: they lead to all below. A processor loads the four when CR3 is written; the
  /// walker reads them each time, so software must load CR3 after changing one. Software bits and
  /// the entries of software are those of `i386` and `x86_64`.
  ///
  /// - Parameters:
  ///   - physicalAddressBits: MAXPHYADDR, 36 to 52; bits above are reserved.
  ///   - hasExecuteDisable: EFER.NXE is set.
  public static func i386PAE(
    physicalAddressBits: UInt8 = 36, hasExecuteDisable: Bool = true
  ) -> TranslationFormat {
    var bits = DescriptorBits.x86
    bits.address = 0x000F_FFFF_FFFF_F000
    bits.reserved = ~(1 << 63) & ~((1 << UInt64(physicalAddressBits)) &- 1)
    bits.blockReserved = bits.address & ~(1 << 12)
    bits.rootReserved = 1 << 63 | 0x1E6
    bits.rootTable = 1
    bits.rootGrantsAll = true
    bits.forbidExecution(hasExecuteDisable)
    return TranslationFormat(
      architecture: .i386, pageSize: .size4K, virtualAddressBits: 32, entryShift: 3,
      leafLevels: 0b11, contiguousShifts: 0, canonicalShift: 32, hasHighHalf: false,
      hasHighRoot: false, kernelStart: VirtualAddress(0xC000_0000), malformedFault: .reservedBit,
      reservedFault: .reservedBit, bits: bits.completed())
  }
}
