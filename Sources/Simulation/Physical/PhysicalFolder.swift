internal import Foundation
internal import MemoryTypes

/// A folder with snapshots of a page allocator and the trace of what happened between them.
public struct PhysicalFolder: Sendable {
  public let path: String
  let snapshots: String
  let trace: String
  /// What `run.json` says of the kernel, if there is one.
  let kernel: String?

  /// Nil for a folder of another kind: one without a `*.snaps.txt` and a `*.trace.txt`.
  public init?(_ path: String) {
    let folder = URL(filePath: path, directoryHint: .isDirectory)
    guard
      let names = try? FileManager.default.contentsOfDirectory(
        atPath: folder.path(percentEncoded: false))
    else { return nil }
    func file(_ kind: String) -> String? {
      names.sorted().first { $0.hasSuffix(".\(kind).txt.gz") || $0.hasSuffix(".\(kind).txt") }
        .map { folder.appending(path: $0).path(percentEncoded: false) }
    }
    guard let snapshots = file("snaps"), let trace = file("trace") else { return nil }
    self.path = path
    self.snapshots = snapshots
    self.trace = trace
    kernel = Self.kernel(folder.appending(path: "run.json"))
  }

  private struct Run: Decodable {
    var kernel: String?
  }

  private static func kernel(_ file: URL) -> String? {
    (try? Data(contentsOf: file)).flatMap {
      try? JSONDecoder().decode(Run.self, from: $0)
    }?.kernel
  }

  /// As the kernel's name says it; nil for one that does not say.
  var pageSize: PageSize? {
    guard let kernel else { return nil }
    if kernel.contains("64k") { return .size64K }
    if kernel.contains("16k") { return .size16K }
    return kernel.contains("4k") || kernel.hasPrefix("x86") || kernel.hasPrefix("i386")
      ? .size4K : nil
  }
}
