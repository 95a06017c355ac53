internal import CSubject
internal import Foundation
internal import Recordings

/// The folder with the subject's program and the three files that subjects map.
///
/// As in the oracle logs: A is 1 MiB and may be resized, B is read-only and ends within a page, M is a
/// file of memory whose second half is a hole.
final class SubjectFiles {
  let folder: String
  private var fileSystem: FileSystemKind { FileSystemKind(holding: folder) }
  /// Opened anew for each subject; in the order of `FuzzDescriptor.open`.
  private(set) var descriptors: [Int32] = []
  static var areSupported: Bool { subject_is_supported() != 0 }

  init() throws(FuzzError) {
    let name = "octavo-fuzz-\(UUID().uuidString.prefix(8))"
    folder = FileManager.default.temporaryDirectory.appending(path: name).path(
      percentEncoded: false)
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    } catch {
      throw .unavailable("\(folder) cannot be made")
    }
    try writeProgram()
  }

  deinit {
    closeAll()
    try? FileManager.default.removeItem(atPath: folder)
  }

  var program: String { "\(folder)/subject" }

  /// The files as a log's header tells of them.
  var recorded: [RecordedFile] {
    FuzzFile.all.map { file in
      RecordedFile(
        path: file.isMemory ? "/memfd:mmoracle.\(file.name) (deleted)" : "\(folder)/\(file.name)",
        size: UInt64(file.size), fileSystem: file.isMemory ? .memfd : fileSystem,
        contents: .init(
          factor: UInt8(file.factor), offset: UInt8(file.offset), count: UInt64(file.filled)))
    }
  }

  /// Makes all files as they are at the start of a subject, and opens them.
  func renew() throws(FuzzError) {
    closeAll()
    for file in FuzzFile.all where !file.isMemory {
      try write(file.content, to: "\(folder)/\(file.name)", mode: 0o644)
    }
    let memory = unsafe subject_memory_file("mmoracle.M")
    guard memory >= 0 else { throw .unavailable("memfd_create is refused") }
    defer { close(memory) }
    let content = FuzzFile.all[2].content
    let written = unsafe content.withUnsafeBytes {
      unsafe Foundation.write(memory, $0.baseAddress!, $0.count)
    }
    guard written == content.count, ftruncate(memory, off_t(FuzzFile.all[2].size)) == 0 else {
      throw .unavailable("a file of memory cannot be written")
    }
    for descriptor in FuzzDescriptor.open {
      let file = FuzzFile.all[Int(descriptor.file!)]
      let path = file.isMemory ? "/proc/self/fd/\(memory)" : "\(folder)/\(file.name)"
      let opened = unsafe open(path, descriptor.mode | O_CLOEXEC)
      guard opened >= 0 else { throw .unavailable("\(path) cannot be opened") }
      descriptors.append(opened)
    }
  }

  private func closeAll() {
    for descriptor in descriptors { close(descriptor) }
    descriptors = []
  }

  private func writeProgram() throws(FuzzError) {
    var image = [UInt8](repeating: 0, count: 4096)
    let size = unsafe image.withUnsafeMutableBufferPointer {
      unsafe subject_program($0.baseAddress!, $0.count)
    }
    try write(Array(image[..<size]), to: program, mode: 0o755)
  }

  /// Written in pages and on the disk before anyone maps it: its cache holds single pages then.
  private func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(FuzzError) {
    unsafe unlink(path)
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode)
    guard file >= 0 else { throw .unavailable("\(path) cannot be written") }
    defer { close(file) }
    fchmod(file, mode)
    var place = 0
    while place < bytes.count {
      let count = min(4096, bytes.count - place)
      let written = unsafe bytes.withUnsafeBytes {
        unsafe Foundation.write(file, $0.baseAddress! + place, count)
      }
      guard written == count else { throw .unavailable("\(path) cannot be written") }
      place += count
    }
    fsync(file)
  }
}

/// A file that subjects map, as in the oracle logs.
struct FuzzFile {
  let name: String
  let size: Int
  let isMemory: Bool
  /// Byte i is `(i * factor + offset) & 0xff` up to `filled`; the rest is a hole.
  let factor: Int
  let offset: Int
  let filled: Int

  static let all = [
    FuzzFile(name: "A", size: 1 << 20, isMemory: false, factor: 7, offset: 13, filled: 1 << 20),
    FuzzFile(name: "B", size: 131_172, isMemory: false, factor: 5, offset: 1, filled: 131_172),
    FuzzFile(name: "M", size: 1 << 20, isMemory: true, factor: 11, offset: 5, filled: 1 << 19),
  ]

  var content: [UInt8] {
    (0..<filled).map { UInt8(truncatingIfNeeded: $0 &* factor &+ offset) }
  }
}

extension FuzzDescriptor {
  fileprivate var mode: Int32 {
    switch access {
    case .readOnly, .unknown: O_RDONLY
    case .writeOnly: O_WRONLY
    case .readWrite: O_RDWR
    }
  }
}
