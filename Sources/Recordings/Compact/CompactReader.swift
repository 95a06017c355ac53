internal import MemoryTypes

/// Reads a recording in the compact form, plain or compressed with gzip.
///
/// Damage after the header ends the events at the last whole chunk before it; `truncation` tells
/// then where and why. Memory: one chunk and the file table.
public final class CompactReader: RecordingReader {
  public let header: RecordingHeader
  public private(set) var files: [RecordedFile] = []
  /// Empty: the compact form has no kinds that this reader leaves out.
  public var ignored: [String: Int] { [:] }
  public var progress: ReadingProgress? { source.progress }
  /// Why the recording ends before its end; nil while whole chunks come and when all was there.
  public private(set) var truncation: BadInput?

  private var source: CompactSource
  private var decoder = CompactDecoder([])
  private var eventCount = 0
  private var isFinished = false

  /// Reads prologue and header of the file at `path`; `-` is standard input.
  ///
  /// - Throws: `BadInput` when the file cannot be opened, is not a recording, is of a later version,
  ///   or its header is damaged.
  public convenience init(path: String) throws(BadInput) {
    try self.init(ByteSource(path: path))
  }

  init(_ bytes: ByteSource) throws(BadInput) {
    source = CompactSource(bytes)
    try source.takePrologue()
    guard let chunk = try source.nextChunk(), chunk.kind == .header else {
      throw BadInput(file: bytes.name, line: 0, expected: "a header chunk", found: "another one")
    }
    var decoder = CompactDecoder(chunk.payload)
    do throws(CompactDamage) {
      header = try decoder.takeHeader()
    } catch {
      throw BadInput(
        file: bytes.name, line: 0, expected: "\(error.expected)", found: "a header that differs")
    }
  }

  public func next() throws(BadInput) -> RecordedEvent? {
    while !isFinished {
      if decoder.isAtEnd {
        takeChunk()
        continue
      }
      do throws(CompactDamage) {
        switch try decoder.takeEntry(fileCount: files.count) {
        case .file(let file): files.append(file)
        case .event(let time, let task, let body):
          eventCount += 1
          return RecordedEvent(position: eventCount, time: time, task: task, body)
        }
      } catch {
        let found = "other bytes at byte \(decoder.offset) of a chunk"
        end(because: source.defect(expected: "\(error.expected)", found: found))
      }
    }
    return nil
  }

  private func takeChunk() {
    do throws(BadInput) {
      guard let chunk = try source.nextChunk() else {
        end(because: source.defect(expected: "an end chunk", found: "the end of the file"))
        return
      }
      switch chunk.kind {
      case .events: decoder = CompactDecoder(chunk.payload)
      case .end: try takeEnd(chunk.payload)
      case .header:
        throw source.defect(expected: "events or the end", found: "a second header")
      }
    } catch {
      end(because: error)
    }
  }

  private func takeEnd(_ payload: [UInt8]) throws(BadInput) {
    var decoder = CompactDecoder(payload)
    isFinished = true
    guard let count = try? decoder.takeNumber(), count == UInt64(eventCount) else {
      throw source.defect(expected: "an end chunk that counts \(eventCount)", found: "another")
    }
  }

  private func end(because defect: BadInput) {
    truncation = defect
    isFinished = true
    decoder = CompactDecoder([])
  }
}
