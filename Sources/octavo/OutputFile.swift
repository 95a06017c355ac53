import Foundation
import SystemPackage

/// A result could not be written where it was wanted.
struct CannotWrite: Error, CustomStringConvertible {
  var path: String
  var reason: Errno

  var description: String { "cannot write \(path): \(reason)" }
}

/// A place for a result: a path, or `-` for standard output.
enum OutputFile {
  /// Writes all of `data` or nothing: into a temporary file beside `path` that is then renamed.
  ///
  /// - Throws: `CannotWrite`; what stood at `path` is untouched then.
  static func write(_ data: Data, to path: String) throws(CannotWrite) {
    if path == "-" { return StandardStreams.write(data) }
    do throws(Errno) {
      // A device or a pipe cannot be replaced by a rename.
      if isSpecial(path) { return try fill(path, with: data) }
      let temporary = "\(path).\(getpid()).tmp"
      try fill(temporary, with: data)
      try rename(temporary, to: path)
    } catch {
      throw CannotWrite(path: path, reason: error)
    }
  }

  private static func isSpecial(_ path: String) -> Bool {
    let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
    return type != nil && type != .typeRegular
  }

  private static func fill(_ path: String, with data: Data) throws(Errno) {
    do {
      let file = try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create, .truncate],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
      try file.closeAfter { _ = try file.writeAll(Array(data)) }
    } catch {
      throw error as? Errno ?? .ioError
    }
  }

  private static func rename(_ temporary: String, to path: String) throws(Errno) {
    guard unsafe Foundation.rename(temporary, path) != 0 else { return }
    let reason = Errno(rawValue: errno)
    unsafe unlink(temporary)
    throw reason
  }
}
