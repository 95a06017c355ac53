/// The files that were mapped, by path, with their sizes as last told.
///
/// A file gets its index when it is first mapped; merely opened ones cost nothing but their place in
/// a process's table, so that memory follows the mappings and not the length of the text.
struct StraceFileTable {
  private var byPath: [Path: FileID] = [:]
  private var sizes: [UInt64?] = []

  /// Hashed as a whole: an array would hash byte by byte.
  private struct Path: Hashable {
    var bytes: [UInt8]

    func hash(into hasher: inout Hasher) {
      unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }
  }
  private let ordinary: FileSystemKind

  /// - Parameter ordinary: The file system of paths that do not tell theirs.
  init(ordinary: FileSystemKind) { self.ordinary = ordinary }

  /// The index of an open file, and its size if that changed since it was last told.
  mutating func intern(
    _ entry: inout OpenFile, files: inout [RecordedFile]
  ) -> (file: FileID, newSize: UInt64?) {
    if let known = entry.file ?? known(entry) {
      entry.file = known
      guard let size = entry.size, size != sizes[Int(known.rawValue)] else { return (known, nil) }
      sizes[Int(known.rawValue)] = size
      return (known, size)
    }
    let file = FileID(UInt32(truncatingIfNeeded: files.count))
    let path = Self.decoded(entry.path)
    files.append(
      RecordedFile(
        path: path, size: entry.size,
        fileSystem: FileSystemKind(path: path, elsewhere: ordinary)))
    sizes.append(entry.size)
    if !entry.isUnnamed { byPath[Path(bytes: entry.path)] = file }
    entry.file = file
    entry.size = nil
    return (file, nil)
  }

  /// Notes a size that the kernel told; the file if that is mapped and the size is news.
  mutating func told(_ entry: inout OpenFile, size: UInt64) -> FileID? {
    guard let file = entry.file ?? known(entry) else {
      entry.size = size
      return nil
    }
    (entry.file, entry.size) = (file, nil)
    guard sizes[Int(file.rawValue)] != size else { return nil }
    sizes[Int(file.rawValue)] = size
    return file
  }

  /// Notes a size that `ftruncate` gave; the file if that is mapped.
  mutating func truncated(_ entry: inout OpenFile, to size: UInt64) -> FileID? {
    _ = told(&entry, size: size)
    return entry.file
  }

  /// The last size told of an open file.
  func size(of entry: OpenFile) -> UInt64? {
    entry.size ?? (entry.file ?? known(entry)).flatMap { sizes[Int($0.rawValue)] }
  }

  private func known(_ entry: OpenFile) -> FileID? {
    entry.isUnnamed ? nil : byPath[Path(bytes: entry.path)]
  }

  /// A path as strace escapes it, `\303\274` or `\x0a` and the letters of C, in its real bytes.
  static func decoded(_ bytes: [UInt8]) -> String {
    guard bytes.contains(UInt8(ascii: "\\")) else { return String(decoding: bytes, as: UTF8.self) }
    var result: [UInt8] = []
    var rest = bytes[...]
    while let byte = rest.popFirst() {
      result.append(byte == UInt8(ascii: "\\") ? escaped(&rest) : byte)
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func escaped(_ rest: inout ArraySlice<UInt8>) -> UInt8 {
    guard let byte = rest.popFirst() else { return UInt8(ascii: "\\") }
    switch byte {
    case UInt8(ascii: "n"): return 10
    case UInt8(ascii: "t"): return 9
    case UInt8(ascii: "r"): return 13
    case UInt8(ascii: "v"): return 11
    case UInt8(ascii: "f"): return 12
    case UInt8(ascii: "x"): return number(&rest, radix: 16, digits: 2, first: 0)
    case 0x30...0x37: return number(&rest, radix: 8, digits: 2, first: byte - 0x30)
    default: return byte
    }
  }

  private static func number(
    _ rest: inout ArraySlice<UInt8>, radix: UInt8, digits: Int, first: UInt8
  ) -> UInt8 {
    var value = first
    for _ in 0..<digits {
      guard let byte = rest.first,
        let digit = Character(Unicode.Scalar(byte)).hexDigitValue, digit < radix
      else { break }
      value = value &* radix &+ UInt8(digit)
      rest.removeFirst()
    }
    return value
  }
}
