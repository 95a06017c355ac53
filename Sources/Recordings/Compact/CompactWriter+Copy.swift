extension CompactWriter {
  /// Writes all that `reader` gives, from `begin` to `finish`.
  ///
  /// - Parameter progress: Called now and then.
  /// - Throws: `BadInput` of the reader, `RecordingWriteError`; the writer is of no more use then,
  ///   and nothing stands under its name.
  public func copy(
    _ reader: any RecordingReader, progress: (ReadingProgress) -> Void = { _ in }
  ) throws {
    try begin(reader.header)
    while let event = try reader.next() {
      try addFiles(from: reader.files)
      try append(event)
      if eventCount % 64 == 0, let reached = reader.progress { progress(reached) }
    }
    try finish()
  }
}
