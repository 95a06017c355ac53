/// Where the fields of ELF headers stand, in files of 32 and of 64 bits.
struct ELFLayout {
  let is64Bit: Bool

  var headerSize: Int { is64Bit ? 64 : 52 }
  var programHeaderSize: Int { is64Bit ? 56 : 32 }
  var entryOffset: Int { 24 }
  /// `e_phoff`.
  var tableOffset: Int { is64Bit ? 32 : 28 }
  /// `e_phentsize`, with `e_phnum` behind it.
  var sizesOffset: Int { is64Bit ? 54 : 42 }

  /// A little-endian number of `count` bytes; the caller has made sure that they are there.
  func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
    bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// An address, an offset or a size.
  func word(_ bytes: [UInt8], _ offset: Int) -> UInt64 { number(bytes, offset, is64Bit ? 8 : 4) }

  /// The fields of a program header.
  func segment(_ header: [UInt8]) -> ELFFile.Segment {
    let wordSize = is64Bit ? 8 : 4
    let first = is64Bit ? 8 : 4
    func field(_ index: Int) -> UInt64 { word(header, first + index * wordSize) }
    let flags = number(header, is64Bit ? 4 : 24, 4)
    var permissions: MapPermissions = []
    if flags & 4 != 0 { permissions.insert(.read) }
    if flags & 2 != 0 { permissions.insert(.write) }
    if flags & 1 != 0 { permissions.insert(.execute) }
    // In 32 bits the flags stand before the alignment.
    return ELFFile.Segment(
      offset: field(0), address: field(1), fileSize: field(3), memorySize: field(4),
      permissions: permissions, alignment: field(is64Bit ? 5 : 6))
  }
}
