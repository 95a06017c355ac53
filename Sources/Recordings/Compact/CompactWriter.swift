internal import CZlib
internal import MemoryTypes

/// Writes a recording in the compact form.
///
/// Order of calls: `begin`, then `add` and `append` in any order, then `finish`. The file appears
/// under its name with `finish`; a writer that is dropped before leaves nothing. After an error
/// the writer is of no more use. Not for use by two threads at once.
public final class CompactWriter {
  private var output: OutputFile?
  private var encoder = CompactEncoder()
  private let path: String
  /// Events written so far.
  public private(set) var eventCount: UInt64 = 0
  /// The length of the file table so far.
  public private(set) var fileCount = 0

  /// Opens a temporary file beside `path`, or `path` itself when that is a device or a pipe.
  ///
  /// - Throws: `RecordingWriteError` with the system's reason.
  public init(path: String) throws(RecordingWriteError) {
    self.path = path
    output = try OutputFile(path: path)
  }

  /// Writes the prologue and the header; to be called once, first.
  public func begin(_ header: RecordingHeader) throws(RecordingWriteError) {
    var prologue = CompactFormat.magic
    let version = CompactFormat.version
    prologue.append(UInt8(truncatingIfNeeded: version))
    prologue.append(UInt8(truncatingIfNeeded: version >> 8))
    try output?.write(prologue)
    encoder.put(header)
    try writeChunk(.header)
  }

  /// Appends a file to the table and gives its index.
  @discardableResult
  public func add(_ file: RecordedFile) throws(RecordingWriteError) -> FileID {
    encoder.put(file)
    defer { fileCount += 1 }
    return FileID(UInt32(truncatingIfNeeded: fileCount))
  }

  /// Appends those of `files`, a reader's whole table, that are not yet in this recording.
  public func addFiles(from files: [RecordedFile]) throws(RecordingWriteError) {
    while fileCount < files.count { try add(files[fileCount]) }
  }

  /// Appends an event; its files must have been added. `position` is not kept.
  public func append(_ event: RecordedEvent) throws(RecordingWriteError) {
    encoder.put(event)
    eventCount += 1
    if encoder.bytes.count >= CompactFormat.usualChunk { try writeChunk(.events) }
  }

  /// Writes what is still buffered and gives the file its name.
  public func finish() throws(RecordingWriteError) {
    if !encoder.bytes.isEmpty { try writeChunk(.events) }
    encoder.put(eventCount)
    try writeChunk(.end)
    if let output = output.take() { try output.finish() }
  }

  private func writeChunk(_ kind: CompactFormat.ChunkKind) throws(RecordingWriteError) {
    guard encoder.bytes.count <= CompactFormat.largestChunk else {
      throw RecordingWriteError(path: path, reason: "one event takes more than 64 MiB")
    }
    try output?.write(compactChunk(kind, encoder.bytes))
    encoder.bytes.removeAll(keepingCapacity: true)
    encoder.deltas = CompactDeltas()
  }
}

/// Length, kind and checksum, then the payload.
func compactChunk(_ kind: CompactFormat.ChunkKind, _ payload: [UInt8]) -> [UInt8] {
  var chunk: [UInt8] = []
  chunk.reserveCapacity(CompactFormat.chunkHeaderSize + payload.count)
  chunk.append(littleEndian: UInt32(payload.count))
  chunk.append(kind.rawValue)
  chunk.append(littleEndian: compactChecksum(length: payload.count, kind: kind.rawValue, payload))
  chunk.append(contentsOf: payload)
  return chunk
}

/// CRC-32 (as in gzip) of the length, the kind and the payload.
func compactChecksum(length: Int, kind: UInt8, _ payload: [UInt8]) -> UInt32 {
  var head: [UInt8] = []
  head.append(littleEndian: UInt32(length))
  head.append(kind)
  // SAFETY: zlib reads exactly the counts it is given.
  let first = unsafe crc32(0, head, UInt32(head.count))
  let whole = unsafe crc32(first, payload, UInt32(payload.count))
  return UInt32(truncatingIfNeeded: whole)
}

extension [UInt8] {
  fileprivate mutating func append(littleEndian value: UInt32) {
    for shift in stride(from: UInt32(0), to: 32, by: 8) {
      append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}
