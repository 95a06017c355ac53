internal import SystemPackage

/// The bytes of a file at any offset, bounded by its size.
struct ELFBytes {
  let size: UInt64
  private let name: String
  private let file: FileDescriptor?
  private let memory: [UInt8]

  init(_ bytes: [UInt8], name: String) {
    (size, self.name, file, memory) = (UInt64(bytes.count), name, nil, bytes)
  }

  init(file: FileDescriptor, size: UInt64, name: String) {
    (self.size, self.name, self.file, memory) = (size, name, file, [])
  }

  /// `count` bytes from `offset`.
  ///
  /// - Throws: `BadInput` when the file does not hold them.
  func read(at offset: UInt64, count: Int) throws(BadInput) -> [UInt8] {
    let (end, wraps) = offset.addingReportingOverflow(UInt64(count))
    guard !wraps, end <= size else {
      throw bad("\(count) bytes at offset \(offset)", "a file of \(size) bytes")
    }
    guard let file else { return Array(memory[Int(offset)..<Int(end)]) }
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let got = try? unsafe bytes.withUnsafeMutableBytes { buffer in
        try unsafe file.read(
          fromAbsoluteOffset: Int64(offset) + Int64(filled),
          into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
      }
      guard let got, got > 0 else { throw bad("\(count) bytes at offset \(offset)", "fewer") }
      filled += got
    }
    return bytes
  }

  func bad(_ expected: String, _ found: String) -> BadInput {
    BadInput(file: name, line: 0, expected: expected, found: found)
  }
}
