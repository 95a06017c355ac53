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
  /// Text of valgrind's lackey: every access.
  case lackey
}

/// Opens a recording of whatever kind.
public enum RecordingOpener {
  /// The reader for what stands at `path`; `-` is standard input.
  ///
  /// The format is recognised by content, decompressed where need be: a folder, the magic number of
  /// the compact form, the first words of an oracle log, the first line of lackey's text; anything
  /// else is taken for strace text.
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
    case .lackey: return try LackeyReader(path: path)
    case nil: break
    }
    if isFolder(path) { return try FolderReader(folder: path) }
    let source = try ByteSource(path: path)
    let start = try source.prefix(16)
    if start.starts(with: CompactFormat.magic) { return try CompactReader(source) }
    if LackeyReader.recognises(start) { return LackeyReader(source) }
    let lines = LineReader(source)
    if start.starts(with: "# mmoracle".utf8) { return try OracleReader(lines) }
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
