/// The chunks of a file in the compact form, checked.
struct CompactSource: ~Copyable {
  struct Chunk {
    var kind: CompactFormat.ChunkKind
    var payload: [UInt8]
  }

  private let bytes: ByteSource
  /// Bytes of the (unpacked) file taken so far.
  private var position = 0

  init(_ bytes: ByteSource) { self.bytes = bytes }

  var progress: ReadingProgress { bytes.progress }

  mutating func takePrologue() throws(BadInput) {
    let prologue = try take(CompactFormat.prologueSize)
    guard prologue.starts(with: CompactFormat.magic), prologue.count == 8 else {
      throw defect(expected: "a recording that begins with \"OCTAVO\"", found: excerpt(prologue))
    }
    let version = UInt16(prologue[6]) | UInt16(prologue[7]) << 8
    guard version == CompactFormat.version else {
      throw defect(expected: "version \(CompactFormat.version)", found: "version \(version)")
    }
  }

  /// The next chunk; nil at a clean end.
  mutating func nextChunk() throws(BadInput) -> Chunk? {
    let start = position
    let head = try take(CompactFormat.chunkHeaderSize)
    if head.isEmpty { return nil }
    guard head.count == CompactFormat.chunkHeaderSize else {
      throw defect(at: start, expected: "a chunk", found: "the end of the file within it")
    }
    let length = Int(littleEndian(head, 0))
    guard length <= CompactFormat.largestChunk,
      let kind = CompactFormat.ChunkKind(rawValue: head[4])
    else {
      throw defect(at: start, expected: "a chunk of a known kind and size", found: "another")
    }
    let payload = try take(length)
    guard payload.count == length else {
      throw defect(at: start, expected: "a whole chunk", found: "the end of the file within it")
    }
    let checksum = compactChecksum(length: length, kind: head[4], payload)
    guard checksum == littleEndian(head, 5) else {
      throw defect(at: start, expected: "a chunk that matches its checksum", found: "a damaged one")
    }
    return Chunk(kind: kind, payload: payload)
  }

  func defect(at start: Int? = nil, expected: String, found: String) -> BadInput {
    let place = "\(found), at byte \(start ?? position)"
    return BadInput(file: bytes.name, line: 0, expected: expected, found: place)
  }

  /// Up to `count` bytes; fewer only at the end. Grows by what is there, not by what is asked for.
  private mutating func take(_ count: Int) throws(BadInput) -> [UInt8] {
    var taken: [UInt8] = []
    while taken.count < count {
      let start = taken.count
      taken.append(contentsOf: repeatElement(0, count: min(count - start, 1 << 20)))
      let got = try unsafe taken.withUnsafeMutableBufferPointer { buffer throws(BadInput) in
        try unsafe bytes.read(
          into: UnsafeMutableRawBufferPointer(
            UnsafeMutableBufferPointer(rebasing: buffer[start...])))
      }
      taken.removeLast(taken.count - start - got)
      if got == 0 { break }
    }
    position += taken.count
    return taken
  }

  private func littleEndian(_ bytes: [UInt8], _ at: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << UInt32($1 * 8) }
  }

  private func excerpt(_ bytes: [UInt8]) -> String {
    if bytes.isEmpty { return "an empty file" }
    let text = bytes.map { (0x20..<0x7f).contains($0) ? String(Unicode.Scalar($0)) : "?" }
    return "\"\(text.joined())\""
  }
}
