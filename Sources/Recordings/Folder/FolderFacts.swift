internal import SystemPackage

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// What `files.json` and `truth.json` of a recording folder tell.
struct FolderFacts {
  var header = RecordingHeader(source: .folder)
  var files: [String: FileFacts] = [:]

  /// A file that the program mapped or executed.
  struct FileFacts: Decodable {
    var size: UInt64?
    var type: String?
    var interpreter: String?
    /// readelf's columns: type, offset, address, physical address, file size, memory size, letters
    /// of the flags one by one, alignment.
    var segments: [[String]]?

    enum CodingKeys: String, CodingKey {
      case size
      case type = "elf_type"
      case interpreter = "interp"
      case segments = "phdrs"
    }
  }

  private struct Truth: Decodable {
    var kernel: String?
    var pageSize: UInt64?
    var aslr: String?
    var hugePages: String?

    enum CodingKeys: String, CodingKey {
      case kernel, aslr
      case pageSize = "page_size"
      case hugePages = "thp_enabled"
    }
  }

  init(folder: String) throws(BadInput) {
    if let path = Self.file("files.json", in: folder) {
      files = try Self.decode([String: FileFacts].self, path)
    }
    guard let path = Self.file("truth.json", in: folder) else { return }
    let truth = try Self.decode(Truth.self, path)
    let words = truth.kernel?.split(separator: " ").map(String.init) ?? []
    if words.count == 3 { (header.kernel, header.architecture) = (words[1], words[2]) }
    header.pageSize = truth.pageSize
    header.hasRandomLayout = truth.aslr.map { !$0.hasPrefix("off") }
    header.transparentHugePages = truth.hugePages
  }

  /// The path of `name` or `name.gz` in the folder; nil when there is neither.
  static func file(_ name: String, in folder: String) -> String? {
    for suffix in ["", ".gz"] {
      let path = FilePath(folder).appending(name + suffix)
      if let descriptor = try? FileDescriptor.open(path, .readOnly) {
        try? descriptor.close()
        return path.string
      }
    }
    return nil
  }

  private static func decode<Facts: Decodable>(
    _ type: Facts.Type, _ path: String
  ) throws(BadInput) -> Facts {
    let bytes = try ByteSource(path: path).readAll(limit: 64 << 20)
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch {
      throw BadInput(
        file: path, line: 0, expected: "the facts of a recording folder in JSON",
        found: "something else")
    }
  }

  /// What stands behind a path of the recorded machine, whose root, /tmp and /usr were one ext4.
  func recordedFile(_ path: String) -> RecordedFile {
    RecordedFile(
      path: path, size: files[path]?.size,
      fileSystem: FileSystemKind(path: path, elsewhere: .ext4))
  }
}

extension FileSystemKind {
  /// The kind that a path as maps or strace print it tells; `elsewhere` for an ordinary one.
  init(path: String, elsewhere: FileSystemKind) {
    if path.hasPrefix("/memfd:") {
      self = .memfd
    } else if path.hasPrefix("/dev/shm/") || path.hasPrefix("/SYSV") || path.hasPrefix("/dev/zero")
    {
      self = .tmpfs
    } else if path.hasPrefix("/proc/") {
      self = .proc
    } else if path.hasPrefix("/dev/") {
      self = .device
    } else if path.hasPrefix("/sys/") || !path.hasPrefix("/") {
      self = .other
    } else {
      self = elsewhere
    }
  }
}
