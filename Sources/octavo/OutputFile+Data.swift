import Foundation
import Recordings

extension OutputFile {
  /// Writes all of `data` or nothing; `-` is standard output.
  ///
  /// - Throws: `RecordingWriteError`; what stood at `path` is untouched then.
  static func write(_ data: Data, to path: String) throws(RecordingWriteError) {
    if path == "-" { return StandardStreams.write(data) }
    let file = try OutputFile(path: path)
    try file.write(Array(data))
    try file.finish()
  }
}
