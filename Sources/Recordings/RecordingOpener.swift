public enum RecordingFormat: String, CaseIterable, Sendable { case strace, oracle, folder, compact }
public enum RecordingOpener {
  public static func open(
    _ path: String, format: RecordingFormat? = nil
  ) throws(BadInput) -> any RecordingReader {
    if path.hasSuffix(".log.gz") || path.hasSuffix(".log") { return try OracleReader(path: path) }
    return try FolderReader(folder: path)
  }
}
