internal import SystemPackage

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A recording or another result could not be written; nothing half-written is left.
public struct RecordingWriteError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file that was to be written.
  public var path: String
  /// What went wrong, in the system's words.
  public var reason: String

  public var description: String { "cannot write \(path): \(reason)" }
}

/// A file that appears under its name only when it is complete.
///
/// The bytes go to a neighbour with a temporary name, which `finish()` renames; without `finish()`
/// the neighbour is removed. A device or pipe of that name is written to directly.
public struct OutputFile: ~Copyable {
  private let path: String
  /// nil when `path` itself is written.
  private let temporaryPath: String?
  private let descriptor: FileDescriptor
  private var isOpen = true

  /// Opens the neighbour, or the device or pipe at `path`.
  public init(path: String) throws(RecordingWriteError) {
    self.path = path
    let isRenamed = OutputFile.isRegularOrAbsent(path)
    let temporaryPath = isRenamed ? "\(path).partial-\(getpid())" : nil
    self.temporaryPath = temporaryPath
    do {
      descriptor = try FileDescriptor.open(
        FilePath(temporaryPath ?? path), .writeOnly,
        options: isRenamed ? [.create, .truncate, .closeOnExec] : [.closeOnExec],
        permissions: [.ownerReadWrite, .groupReadWrite, .otherReadWrite])
    } catch {
      throw RecordingWriteError(path: path, reason: OutputFile.text(of: error))
    }
  }

  deinit {
    guard isOpen else { return }
    try? descriptor.close()
    if let temporaryPath { unsafe unlink(temporaryPath) }
  }

  /// Adds to the end.
  public func write(_ bytes: [UInt8]) throws(RecordingWriteError) {
    do { try descriptor.writeAll(bytes) } catch { throw failure(error) }
  }

  /// Gives the file its name; what stood there before is replaced.
  public consuming func finish() throws(RecordingWriteError) {
    do { try descriptor.close() } catch { throw failure(error) }
    guard let temporaryPath else {
      isOpen = false
      return
    }
    guard unsafe rename(temporaryPath, path) == 0 else {
      let error = SystemPackage.Errno(rawValue: errno)
      unsafe unlink(temporaryPath)
      isOpen = false
      throw RecordingWriteError(path: path, reason: error.description)
    }
    isOpen = false
  }

  private func failure(_ error: any Error) -> RecordingWriteError {
    RecordingWriteError(path: path, reason: OutputFile.text(of: error))
  }

  private static func text(of error: any Error) -> String {
    (error as? SystemPackage.Errno)?.description ?? "\(error)"
  }

  private static func isRegularOrAbsent(_ path: String) -> Bool {
    var status = stat()
    // SAFETY: both arguments live through the call.
    guard unsafe stat(path, &status) == 0 else { return true }
    return status.st_mode & S_IFMT == S_IFREG
  }
}
