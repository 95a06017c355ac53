internal import SystemPackage

/// The parts of an ELF file that decide how the kernel maps it.
///
/// Little-endian, 32 and 64 bits. Everything read is bounded by the file and by the kernel's own
/// limits, so a hostile file gives `BadInput` and nothing else.
public struct ELFFile: Hashable, Sendable {
  public enum Kind: UInt16, Sendable {
    /// `ET_EXEC`: the addresses in the file are the addresses in memory.
    case fixed = 2
    /// `ET_DYN`: a shared object or a position-independent program.
    case movable = 3
  }

  /// A `PT_LOAD` header: bytes to be mapped.
  public struct Segment: Hashable, Sendable {
    public var offset: UInt64
    public var address: UInt64
    /// Bytes that come from the file; not more than `memorySize`.
    public var fileSize: UInt64
    public var memorySize: UInt64
    public var permissions: MapPermissions
    /// A power of two, or 0.
    public var alignment: UInt64

    /// The end in memory.
    var end: UInt64 { address + memorySize }
    var fileEnd: UInt64 { address + fileSize }
  }

  public var path: String
  /// The size of the file in bytes.
  public var size: UInt64
  public var kind: Kind
  public var is64Bit: Bool
  /// `e_machine`: 62 is x86-64, 3 is i386, 183 is arm64.
  public var machine: UInt16
  public var entry: UInt64
  /// In address order, none overlapping another.
  public var segments: [Segment]
  /// The program interpreter (`PT_INTERP`).
  public var interpreter: String?
  /// Whether `PT_GNU_STACK` asks for an executable stack.
  public var hasExecutableStack: Bool

  /// Reads the headers of the file at `path`.
  public init(path: String) throws(BadInput) {
    do {
      let descriptor = try FileDescriptor.open(
        FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
      defer { try? descriptor.close() }
      let size = UInt64(clamping: try descriptor.seek(offset: 0, from: .end))
      try self.init(path: path, bytes: ELFBytes(file: descriptor, size: size, name: path))
    } catch let error as BadInput {
      throw error
    } catch {
      throw BadInput(
        file: path, line: 0, expected: "a program that can be read", found: "\"\(error)\"")
    }
  }

  /// Reads the headers of a file that stands in memory.
  public init(name: String, bytes: [UInt8]) throws(BadInput) {
    try self.init(path: name, bytes: ELFBytes(bytes, name: name))
  }

  private init(path: String, bytes: ELFBytes) throws(BadInput) {
    let ident = try bytes.read(at: 0, count: 20)
    guard ident.starts(with: [0x7f, 0x45, 0x4c, 0x46]) else {
      throw bytes.bad("an ELF file", "another magic number")
    }
    guard ident[4] == 1 || ident[4] == 2, ident[5] == 1 else {
      throw bytes.bad("32 or 64 bits, little-endian", "class \(ident[4]), order \(ident[5])")
    }
    let is64Bit = ident[4] == 2
    let layout = ELFLayout(is64Bit: is64Bit)
    let header = try bytes.read(at: 0, count: layout.headerSize)
    guard let kind = Kind(rawValue: UInt16(truncatingIfNeeded: layout.number(header, 16, 2)))
    else { throw bytes.bad("a program or a shared object", "another type of ELF file") }
    (self.path, self.size, self.kind, self.is64Bit) = (path, bytes.size, kind, is64Bit)
    machine = UInt16(truncatingIfNeeded: layout.number(header, 18, 2))
    entry = layout.word(header, layout.entryOffset)
    (segments, interpreter, hasExecutableStack) = ([], nil, false)
    try readProgramHeaders(header, layout, bytes)
  }

  private mutating func readProgramHeaders(
    _ header: [UInt8], _ layout: ELFLayout, _ bytes: ELFBytes
  ) throws(BadInput) {
    let size = Int(layout.number(header, layout.sizesOffset, 2))
    let count = Int(layout.number(header, layout.sizesOffset + 2, 2))
    // The kernel takes at most 64 KiB of them.
    guard size == layout.programHeaderSize, count >= 1, count * size <= 65536 else {
      throw bytes.bad("1 to 64 KiB of program headers", "\(count) of \(size) bytes")
    }
    let table = try bytes.read(at: layout.word(header, layout.tableOffset), count: count * size)
    for index in 0..<count {
      let header = Array(table[index * size..<(index + 1) * size])
      switch layout.number(header, 0, 4) {
      case 1: try addSegment(layout.segment(header), bytes)
      case 3: interpreter = try interpreter(layout.segment(header), bytes)
      case 0x6474_e551: hasExecutableStack = layout.segment(header).permissions.contains(.execute)
      default: break
      }
    }
    guard !segments.isEmpty else { throw bytes.bad("a segment to load", "none") }
  }

  private mutating func addSegment(_ segment: Segment, _ bytes: ELFBytes) throws(BadInput) {
    let (end, wraps) = segment.address.addingReportingOverflow(segment.memorySize)
    let (fileEnd, fileWraps) = segment.offset.addingReportingOverflow(segment.fileSize)
    guard !wraps, !fileWraps, end <= 1 << 47, segment.fileSize <= segment.memorySize,
      fileEnd <= size, segment.alignment & (segment.alignment &- 1) == 0,
      (segment.address &- segment.offset) & 0xfff == 0,
      segments.last.map({ $0.end <= segment.address }) ?? true
    else { throw bytes.bad("segments in address order, within the file", "others") }
    segments.append(segment)
  }

  private func interpreter(_ place: Segment, _ bytes: ELFBytes) throws(BadInput) -> String {
    guard place.fileSize >= 2, place.fileSize <= 4096 else {
      throw bytes.bad("the name of an interpreter", "\(place.fileSize) bytes")
    }
    let name = try bytes.read(at: place.offset, count: Int(place.fileSize))
    guard name.last == 0 else { throw bytes.bad("the name of an interpreter", "no end of it") }
    return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
  }
}
