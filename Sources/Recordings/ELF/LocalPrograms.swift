internal import SystemPackage

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Builds images from the ELF files of this machine, for a text that was made on it.
///
/// A file that is not there, is no ELF file or is not x86-64 gives no image. Each file is looked at
/// once, since a text of a build executes the same compiler over and over.
final class LocalPrograms: ExecImageSource {
  private let environment = ExecEnvironment.running
  private var images: [String: ExecImage?] = [:]
  private var sizes: [String: UInt64?] = [:]
  private let limit = 1 << 12

  func image(path: String, family: String, index: Int) -> ExecImage? {
    if let known = images[path] { return known }
    if images.count >= limit { images.removeAll() }
    let image = builtImage(path)
    images[path] = .some(image)
    return image
  }

  func fileSize(path: String) -> UInt64? {
    if let known = sizes[path] { return known }
    if sizes.count >= limit { sizes.removeAll() }
    let size = sizeNow(path)
    sizes[path] = .some(size)
    return size
  }

  private func builtImage(_ path: String) -> ExecImage? {
    guard let program = program(path, depth: 0) else { return nil }
    let interpreter = program.interpreter.flatMap { try? ELFFile(path: Self.resolved($0)) }
    return ExecImage.built(from: program, interpreter: interpreter, in: environment)
  }

  private func sizeNow(_ path: String) -> UInt64? {
    // A pipe without a writer must not hold us up.
    guard
      let file = try? FileDescriptor.open(
        FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
    else { return nil }
    defer { try? file.close() }
    return (try? file.seek(offset: 0, from: .end)).map { UInt64(clamping: $0) }
  }

  /// The program that runs when `path` is executed: itself, or what its first line names after `#!`.
  private func program(_ path: String, depth: Int) -> ELFFile? {
    let path = Self.resolved(path)
    if let file = try? ELFFile(path: path) { return file }
    guard depth < 4, sizeNow(path) != nil, let source = try? ByteSource(path: path),
      let start = try? source.prefix(256), start.starts(with: "#!".utf8)
    else { return nil }
    let line = start.dropFirst(2).prefix { $0 != 10 }.drop { $0 == 0x20 || $0 == 9 }
    let name = String(decoding: line.prefix { $0 != 0x20 && $0 != 9 }, as: UTF8.self)
    return program(name, depth: depth + 1)
  }

  /// The path without symbolic links, which is what maps show.
  private static func resolved(_ path: String) -> String {
    // SAFETY: realpath(3) without a buffer returns a string to be freed.
    guard let name = unsafe realpath(path, nil) else { return path }
    defer { unsafe free(name) }
    return unsafe String(cString: name)
  }
}

extension ExecEnvironment {
  /// The machine this runs on, as far as `/proc/self/maps` tells.
  static var running: ExecEnvironment {
    var environment = ExecEnvironment()
    guard let source = try? ByteSource(path: "/proc/self/maps") else { return environment }
    let lines = LineReader(source)
    while let line = try? lines.next() {
      guard let map = MapLine(procLine: line), map.path.hasPrefix("[v") else { continue }
      if map.path == "[vsyscall]" {
        environment.vsyscall = map
      } else {
        environment.kernelMappings.append(map)
      }
    }
    return environment
  }
}

extension MapLine {
  /// A whole line of `/proc/PID/maps`, with device and inode.
  init?(procLine line: LineCursor) {
    var line = line
    var paths = PathTable()
    var fields = line
    // The two fields that `mapLine` does not know stand behind the third blank.
    for _ in 0..<3 {
      guard fields.text(before: 0x20) != nil, fields.skip(" ") else { return nil }
    }
    guard var map = line.mapLine(paths: &paths) else { return nil }
    for _ in 0..<2 {
      guard fields.text(before: 0x20) != nil, fields.skip(" ") else { return nil }
    }
    fields.skipSpaces()
    map.path = fields.string(fields.position..<fields.end)
    self = map
  }
}
