internal import MemoryTypes

extension TranslationFormat {
  /// i386 without PAE: two levels of 1024 entries of 4 bytes, and 4 MiB blocks (CR4.PSE).
  ///
  /// Intel SDM volume 3A, section 4.3 "32-Bit Paging", tables 4-4 to 4-6.
  ///
  ///      31             22 21       12 11   9  8   7   6  5   4   3   2   1  0
  ///     +-----------------+-----------+------+---+---+---+--+---+---+---+--+--+
  ///     |        address 31:12        | avl  | G |PAT| D | A|PCD|PWT|U/S|RW| P|  page
  ///     |  address 31:22  | 0 (PSE-36)| avl  | G | 1 | D | A|PCD|PWT|U/S|RW| P|  block
  ///     |        address 31:12        |  ignored | 0 |   | A|PCD|PWT|U/S|RW| P|  table
  ///     +-----------------------------+----------+---+---+--+---+---+---+--+--+
  ///
  /// Nothing forbids execution. Kernel addresses start at 3 GiB, Linux's default split; their
  /// root entries are shared by all roots.
  public static var i386: TranslationFormat {
    TranslationFormat(
      architecture: .i386, pageSize: .size4K, virtualAddressBits: 32, entryShift: 2,
      leafLevels: 0b11, canonicalShift: 32, hasHighHalf: false, hasHighRoot: false,
      kernelStart: VirtualAddress(0xC000_0000), malformedFault: .reservedBit,
      reservedFault: .reservedBit, bits: .x86)
  }
}
