import Foundation
import Testing

/// Boots the real images in an emulator. Without one these tests fail: they are the only proof that
/// hardware reads what the core writes.
@Suite(
  "Headless boot", .serialized,
  .disabled(
    if: ProcessInfo.processInfo.environment["OCTAVO_NO_QEMU"] == "1", "OCTAVO_NO_QEMU=1 is set"))
struct HeadlessBootTests {
  @Test(
    "an image boots, passes its checks and says so in its exit status",
    arguments: ["arm64", "i386"])
  func imageBoots(architecture: String) throws {
    let (status, lines) = try boot(architecture)
    #expect(status == 0, "console:\n\(lines.joined(separator: "\n"))")
    #expect(lines.suffix(2) == ["boot check passed", "\(architecture): passed"])
  }

  @Test("an image that does not end in time is a failure")
  func endlessBootFails() throws {
    let (status, lines) = try boot("arm64", environment: ["OCTAVO_BOOT_SECONDS": "0.01"])
    #expect(status == 1)
    #expect(lines.last == "arm64: FAILED: no end within 0.01 seconds")
  }

  /// Runs the script that `make boot` runs; standard error goes where the test's own goes.
  private func boot(
    _ architecture: String, environment: [String: String] = [:]
  ) throws -> (status: Int32, lines: [String]) {
    let script = Process()
    script.executableURL = root.appending(path: "scripts/boot-images.sh")
    script.arguments = [architecture]
    script.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let output = Pipe()
    script.standardOutput = output
    try script.run()
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    script.waitUntilExit()
    let lines = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline)
    return (script.terminationStatus, lines.map(String.init))
  }

  private var root: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
  }
}
