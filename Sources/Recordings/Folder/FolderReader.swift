internal import SystemPackage

/// Reads a folder that holds several recordings of the same program: its calls with the changes of
/// its maps (`maps.log`), its calls with times (`strace.log`), facts (`files.json`, `truth.json`).
///
///     .maps     maps.log        calls, results, every change of the maps, exec images: a full truth
///     .strace   strace.log      calls with times and file sizes; the exec images from maps.log, or
///                               built from files.json where there is none
///
/// The texts were made in separate runs, so process numbers differ between them; a process is known
/// by its place in the family: the first process, its second child, and so on.
public final class FolderReader: RecordingReader {
  /// Which text of the folder gives the events.
  public enum Stream: String, CaseIterable, Sendable {
    case maps, strace

    /// The name of its text, which may be compressed.
    public var fileName: String { "\(rawValue).log" }
  }

  /// The streams that a folder has a text for.
  public static func streams(in folder: String) -> [Stream] {
    Stream.allCases.filter { FolderFacts.file($0.fileName, in: folder) != nil }
  }

  public var header: RecordingHeader {
    var header = facts.header
    // Only maps.log tells every change of the maps.
    if stream == .strace { header.source = .strace }
    header.hasRandomLayout = header.hasRandomLayout ?? reader.header.hasRandomLayout
    return header
  }
  public var files: [RecordedFile] { reader.files }
  public var ignored: [String: Int] { reader.ignored }
  public var progress: ReadingProgress? { reader.progress }
  public let stream: Stream
  /// The most mappings each process had at once, as `maps.log` tells at its end.
  public var peakMappings: [Int32: Int] { (reader as? MapsLogReader)?.peakMappings ?? [:] }

  private let facts: FolderFacts
  private let reader: any RecordingReader

  /// Opens a folder.
  ///
  /// - Parameter stream: The text to read; nil takes `maps.log` where there is one.
  /// - Throws: `BadInput` when the folder lacks that text or a fact file is damaged.
  public init(folder: String, stream: Stream? = nil) throws(BadInput) {
    facts = try FolderFacts(folder: folder)
    let mapsLog = FolderFacts.file("maps.log", in: folder)
    let chosen = stream ?? (mapsLog == nil ? .strace : .maps)
    self.stream = chosen
    switch chosen {
    case .maps:
      guard let mapsLog else {
        throw BadInput(
          file: folder, line: 0, expected: "a folder with maps.log or maps.log.gz",
          found: "neither")
      }
      reader = try MapsLogReader(ByteSource(path: mapsLog), facts: facts)
    case .strace:
      reader = try Self.straceReader(folder, mapsLog: mapsLog, facts: facts)
    }
  }

  public func next() throws(BadInput) -> RecordedEvent? { try reader.next() }

  private static func straceReader(
    _ folder: String, mapsLog: String?, facts: FolderFacts
  ) throws(BadInput) -> StraceReader {
    guard let strace = FolderFacts.file("strace.log", in: folder) else {
      throw BadInput(
        file: folder, line: 0,
        expected: "a folder with maps.log or strace.log, plain or compressed", found: "neither")
    }
    let lines = LineReader(try ByteSource(path: strace))
    let images: any ExecImageSource =
      if let mapsLog { try FolderImages(mapsLog: mapsLog, facts: facts) } else {
        FactImages(facts: facts)
      }
    return StraceReader(lines, images: images, fileSystem: .ext4)
  }
}
