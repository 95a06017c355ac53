internal import SystemPackage

/// The kinds of recording that can be read.
public enum RecordingFormat: String, CaseIterable, Sendable {
  /// Text of strace.
  case strace
  /// A log of an oracle's subject.
  case oracle
  /// A folder with several texts of one program.
  case folder
  /// Our own binary form.
  case compact
}

/// Opens a recording of whatever kind.
public enum RecordingOpener {
  /// The reader for what stands at `path`; `-` is standard input.
  ///
  /// The format is recognised by content: a folder, the magic number of the compact form, the first
  /// line of an oracle log; anything else is taken for strace text. Compressed texts are looked
  /// into.
  ///
  /// - Parameter format: The format, where it is not to be guessed.
  /// - Throws: `BadInput` for what cannot be read, is empty, or is damaged in its header.
  public static func open(
    _ path: String, format: RecordingFormat? = nil
  ) throws(BadInput) -> any RecordingReader {
    switch format {
    case .folder: return try FolderReader(folder: path)
    case .oracle: return try OracleReader(path: path)
    case .strace: return try StraceReader(path: path)
    case .compact: return try CompactReader(path: path)
    case nil: break
    }
    if isFolder(path) { return try FolderReader(folder: path) }
    let source = try ByteSource(path: path)
    if try source.prefix(6) == Array("OCTAVO".utf8) { return try CompactReader(path: path) }
    let lines = LineReader(source)
    let first = try lines.next()
    lines.putBack()
    if let first, first.matches("# mmoracle", from: 0) { return try OracleReader(lines) }
    return StraceReader(lines, images: LocalPrograms())
  }

  /// The readers for what stands at `path`: one for each text of a folder, else one.
  ///
  /// - Returns: With each reader the name of what it reads.
  /// - Throws: As `open` does.
  public static func openAll(
    _ path: String, format: RecordingFormat? = nil
  ) throws(BadInput) -> [(name: String, reader: any RecordingReader)] {
    let streams = format ?? .folder == .folder ? FolderReader.streams(in: path) : []
    guard !streams.isEmpty else { return [(path, try open(path, format: format))] }
    var readers: [(name: String, reader: any RecordingReader)] = []
    for stream in streams {
      let name = FilePath(path).appending(stream.fileName).string
      readers.append((name, try FolderReader(folder: path, stream: stream)))
    }
    return readers
  }

  private static func isFolder(_ path: String) -> Bool {
    guard
      let folder = try? FileDescriptor.open(
        FilePath(path), .readOnly, options: [.directory, .closeOnExec])
    else { return false }
    try? folder.close()
    return true
  }
}
