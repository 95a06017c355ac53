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

  @Test(
    "random tables mean the same to the model and to an emulated processor",
    arguments: [TableImage.arm64, .i386])
  fileprivate func tablesMeanTheSame(image: TableImage) throws {
    let (status, lines) = try boot(image.name)
    #expect(status == 0, "console:\n\(lines.joined(separator: "\n"))")
    #expect(lines.last == "\(image.name): passed")
    for geometry in image.geometries {
      let line = try #require(lines.first { $0.hasPrefix(geometry + ": ") })
      #expect(line.hasSuffix(", 0 differences"))
      for (count, least) in image.least {
        #expect(number(before: count, in: line) >= least, "\(line)")
      }
    }
  }

  @Test("a bit that changed behind the model's back is found at every geometry")
  func plantedBitIsFound() throws {
    let (status, lines) = try boot("tables-i386", environment: ["OCTAVO_PLANT_WRONG_BIT": "1"])
    #expect(status == 1)
    for geometry in TableImage.i386.geometries {
      let line = try #require(lines.first { $0.hasPrefix(geometry + ": ") })
      #expect(line.hasSuffix(", 1 differences"))
    }
  }

  /// The number that stands before `noun`; 0 where the noun is missing.
  private func number(before noun: String, in line: String) -> Int {
    guard let end = line.range(of: " " + noun)?.lowerBound else { return 0 }
    return Int(line[..<end].split(whereSeparator: { !$0.isNumber }).last ?? "") ?? 0
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

/// An image that compares tables, and what its line for each geometry must count at least.
private struct TableImage: Sendable, CustomTestStringConvertible {
  var name: String
  var geometries: [String]
  var least: [String: Int]

  var testDescription: String { name }

  static let arm64 = TableImage(
    name: "tables-arm64",
    geometries: [
      "arm64 4K/39", "arm64 4K/48", "arm64 16K/36", "arm64 16K/47", "arm64 16K/48",
      "arm64 64K/42", "arm64 64K/48", "arm64 64K/52",
    ],
    least: common.merging(["access flag faults": 100, "address size faults": 100]) { $1 })

  static let i386 = TableImage(
    name: "tables-i386", geometries: ["i386 two levels", "i386 PAE"],
    least: common.merging(["reserved bit faults": 1]) { $1 })

  private static let common = [
    "ranges": 10_000, "addresses": 100_000, "hits": 50_000, "translation faults": 50_000,
    "permission faults": 50_000, "accesses made": 50_000,
  ]
}
