/// The compact binary form of a recording: constants and the idea.
///
///     "OCTAVO" version(u16)                                   8 bytes, little-endian
///     ┌ length(u32) kind(u8) crc(u32) ┬ payload: length bytes ┐  header chunk, exactly one, first
///     ├ length      kind     crc      ┼ payload               ┤  event chunks
///     └ length      kind     crc      ┴ payload               ┘  end chunk: number of events
///
/// Integers inside payloads are LEB128 varints, signed ones zigzag-folded first. Times, tasks and
/// addresses are differences to the event before (`CompactDeltas`), which start anew with each
/// chunk, so a chunk needs nothing of its predecessors but the file table. The CRC-32 covers
/// length, kind and payload. A file without the end chunk was cut.
///
/// Invariants: every file a chunk's events name stands in the same chunk before them or in an
/// earlier one; no chunk is longer than `largestChunk`.
enum CompactFormat {
  static let magic: [UInt8] = Array("OCTAVO".utf8)
  static let version: UInt16 = 1
  static let prologueSize = 8
  static let chunkHeaderSize = 9
  /// The writer closes a chunk when it has grown past this.
  static let usualChunk = 64 << 10
  /// A reader never takes more into memory, whatever a damaged length says.
  static let largestChunk = 64 << 20

  enum ChunkKind: UInt8 {
    case header = 1
    case events = 2
    case end = 3
  }

  /// The low four bits of an entry's first byte.
  enum EntryTag: UInt8 {
    case call, exec, fork, exit, fault, mapsChange, maps, fileSize, probe
    /// A file-table entry, which is no event.
    case file
    case accesses
  }

  /// The high four bits of an entry's first byte.
  enum EntryFlag {
    static let otherTask: UInt8 = 0x10
    /// For a fork: `sharesMemory`.
    static let sharesMemory: UInt8 = 0x20
    /// For a call: a file stands after the arguments.
    static let hasFile: UInt8 = 0x20
    /// For a call: the result is a difference to the last address.
    static let relativeResult: UInt8 = 0x40
    /// For a fault: where the two bits of the access kind stand.
    static let accessShift: UInt8 = 5
  }
}

/// What the next entry of a chunk is told relative to.
struct CompactDeltas {
  var time: UInt64 = 0
  var task: Int32 = 0
  var address: UInt64 = 0
  var faultAddress: UInt64 = 0
}
