internal import AddressSpaces
internal import Machine
internal import MemoryTypes

/// The headers of a program file, read from its pages. Little-endian, 32 and 64 bits.
///
/// ```
///   0        16   18      24 (24)   32 (28)       54 (42)  56 (44)
///   | magic … | type | machine | entry | headers at … | their size | their count |     32 bits in brackets
/// ```
/// Nothing outside the file is read: what is missing makes it no program.
/// Linux: `struct elfhdr`, `struct elf_phdr`, include/uapi/linux/elf.h.
struct ELFImage {
  let services: Ref<MemoryServices>
  let file: Ref<MappedFile>
  let is64Bit: Bool
  /// Its addresses are meant as they are; else it may lie anywhere.
  let isFixed: Bool
  let entry: UInt
  let tableOffset: UInt64
  let count: Int

  /// Checks what the kernel checks.
  ///
  /// - Throws: `ENOEXEC` for anything but a program of this architecture.
  init(
    _ services: Ref<MemoryServices>, _ file: Ref<MappedFile>, _ architecture: Architecture
  ) throws(Errno) {
    let bytes = FileBytes(services: services, file: file)
    guard bytes.word(at: 0, size: 4) == 0x464c_457f, let kind = bytes.word(at: 16, size: 2),
      kind == 2 || kind == 3, bytes.word(at: 18, size: 2) == Self.machine(architecture)
    else { throw .ENOEXEC }
    is64Bit = architecture != .i386
    isFixed = kind == 2
    let (size, headerSize): (Int, UInt64) = is64Bit ? (8, 56) : (4, 32)
    guard let entry = bytes.word(at: 24, size: size),
      let table = bytes.word(at: is64Bit ? 32 : 28, size: size),
      bytes.word(at: is64Bit ? 54 : 42, size: 2) == headerSize,
      let count = bytes.word(at: is64Bit ? 56 : 44, size: 2), count > 0,
      count * headerSize <= 65536
    else { throw .ENOEXEC }
    self.services = services
    self.file = file
    self.entry = UInt(truncatingIfNeeded: entry)
    tableOffset = table
    self.count = Int(count)
  }

  /// A program header; nil where the file ends before it.
  func segment(_ index: Int) -> ELFSegment? {
    let bytes = FileBytes(services: services, file: file)
    let (start, overflows) = tableOffset.addingReportingOverflow(
      UInt64(index) * UInt64(headerSize))
    guard !overflows else { return nil }
    let size = is64Bit ? 8 : 4
    let places: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) =
      is64Bit ? (4, 8, 16, 32, 40, 48) : (24, 4, 8, 16, 20, 28)
    guard let kind = bytes.word(at: start, size: 4),
      let flags = bytes.word(at: start &+ places.0, size: 4),
      let offset = bytes.word(at: start &+ places.1, size: size),
      let address = bytes.word(at: start &+ places.2, size: size),
      let fileSize = bytes.word(at: start &+ places.3, size: size),
      let memorySize = bytes.word(at: start &+ places.4, size: size),
      let alignment = bytes.word(at: start &+ places.5, size: size)
    else { return nil }
    return ELFSegment(
      kind: UInt32(truncatingIfNeeded: kind), flags: UInt32(truncatingIfNeeded: flags),
      offset: offset, address: UInt(truncatingIfNeeded: address),
      fileSize: UInt(truncatingIfNeeded: fileSize),
      memorySize: UInt(truncatingIfNeeded: memorySize),
      alignment: UInt(truncatingIfNeeded: alignment))
  }

  /// Calls `body` with each header of a kind, in the file's order.
  func forEachSegment(
    _ kind: UInt32, _ body: (ELFSegment) throws(Errno) -> Void
  ) throws(Errno) {
    for index in 0..<count {
      guard let segment = segment(index) else { throw .ENOEXEC }
      if segment.kind == kind { try body(segment) }
    }
  }

  var headerSize: Int { is64Bit ? 56 : 32 }

  private static func machine(_ architecture: Architecture) -> UInt64 {
    switch architecture {
    case .x86_64: 62
    case .i386: 3
    case .arm64: 183
    }
  }
}

/// A program header.
struct ELFSegment {
  var kind: UInt32
  var flags: UInt32
  var offset: UInt64
  var address: UInt
  var fileSize: UInt
  var memorySize: UInt
  var alignment: UInt

  static var load: UInt32 { 1 }
  static var interpreter: UInt32 { 3 }
  static var stack: UInt32 { 0x6474_e551 }

  var isExecutable: Bool { flags & 1 != 0 }
  var isWritable: Bool { flags & 2 != 0 }

  /// Linux: `make_prot()`, fs/binfmt_elf.c.
  var protection: Protection {
    var protection: Protection = []
    if flags & 4 != 0 { protection.insert(.read) }
    if isWritable { protection.insert(.write) }
    if isExecutable { protection.insert(.execute) }
    return protection
  }
}

/// Little-endian words of a file.
private struct FileBytes {
  let services: Ref<MemoryServices>
  let file: Ref<MappedFile>

  func word(at offset: UInt64, size: Int) -> UInt64? {
    var word: UInt64 = 0
    for index in 0..<size {
      guard let byte = services.byte(of: file, at: offset &+ UInt64(index)) else { return nil }
      word |= UInt64(byte) << UInt64(8 * index)
    }
    return word
  }
}
