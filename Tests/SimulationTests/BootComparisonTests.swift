import Foundation
import MemoryTypes
import Recordings
import Simulation
import TestSupport
import Testing

/// Machines that real kernels booted on, built anew from their logs.
@Suite("Recorded boots")
struct BootComparisonTests {
  static let kernels = [
    "arm64-16k", "arm64-4k-deb61", "arm64-4k-va39", "arm64-4k-va48", "arm64-64k", "i386-686-61",
    "i386-pae-61", "x86_64-61", "x86_64-612",
  ]

  @Test("every figure of every boot is the kernel's", arguments: kernels)
  func equal(kernel: String) throws {
    try withBoots(of: kernel) { folders in
      #expect(folders.count >= 3)
      for folder in folders {
        let report = try BootComparison.report(BootFolder(path: folder.path))
        let others = report.records.filter { $0.verdict != .equal }
        #expect(others.isEmpty, "\(folder.lastPathComponent): \(others)")
        #expect(report.counts.records > 40)
      }
    }
  }

  @Test("all 64 boots are there: 55, and 9 of a kernel that was compared when the rules stood")
  func count() throws {
    var count = 0
    for kernel in Self.kernels { try withBoots(of: kernel) { count += $0.count } }
    #expect(count == 64)
  }

  @Test("blocks are foretold: the log of a small machine has dozens, none stands elsewhere")
  func placements() throws {
    try withBoots(of: "arm64-4k-deb61") { folders in
      for folder in folders {
        let report = try BootComparison.report(BootFolder(path: folder.path))
        let placed = try #require(report.records.first { $0.figure == "blocks placed" })
        #expect(placed.kernel == placed.computed)
        #expect((Int(placed.kernel) ?? 0) > 250)
      }
    }
  }

  /// What to change in a text, and the figures that must differ then.
  static let changes: [(file: String, from: String, to: String, figures: Set<String>)] = [
    ("zoneinfo.txt", "managed  126928", "managed  126929", ["managed"]),
    ("zoneinfo.txt", "min      711", "min      712", ["min"]),
    ("zonestruct.txt", "pcp_high_max 15811", "pcp_high_max 15812", ["pcp_high_max"]),
    ("zonestruct.txt", "TOTALRESERVE 1065", "TOTALRESERVE 1066", ["total reserve"]),
    ("sysctl_vm.txt", "min_free_kbytes = 2845", "min_free_kbytes = 2846", ["min_free_kbytes"]),
    (
      "vmstat.txt", "nr_memmap_boot_pages 2048", "nr_memmap_boot_pages 2049",
      ["nr_memmap_boot_pages"]
    ),
    ("vmstat.txt", "nr_dirty_threshold 24461", "nr_dirty_threshold 24462", ["nr_dirty_threshold"]),
    (
      "vmstat.txt", "nr_free_pages 123400", "nr_free_pages 123420",
      ["nr_dirty_threshold", "nr_dirty_background_threshold"]
    ),
    ("memblock_memory.txt", "5fffffff", "5fffefff", ["memory at last"]),
    ("dmesg.txt", "Embedded 26 pages", "Embedded 27 pages", ["pages used of a unit"]),
    ("dmesg.txt", "d31328 u106496\n", "d31324 u106496\n", ["dynamic area"]),
    ("dmesg.txt", "alloc=26*4096", "alloc=52*4096", ["atoms of a multiple"]),
  ]

  @Test("a figure that is changed is the one that differs", arguments: changes.indices)
  func changed(index: Int) throws {
    let change = Self.changes[index]
    try withChangedBoot(change.file, change.from, change.to) { report in
      let different = report.records.filter { $0.verdict == .different }.map(\.figure)
      #expect(Set(different) == change.figures)
    }
  }

  @Test("a block that stands elsewhere in the log is told with its line, and nothing after it")
  func movedBlock() throws {
    try withBoots(of: "arm64-4k-va39") { folders in
      let folder = try #require(folders.first { $0.lastPathComponent == "512M" })
      let file = folder.appending(path: "dmesg.txt")
      let text = try String(contentsOf: file, encoding: .utf8)
      let moved = text.replacingOccurrences(
        of: "memblock_reserve: [0x000000005ffcfb40-0x000000005ffcfb7f]",
        with: "memblock_reserve: [0x000000005ffcfb00-0x000000005ffcfb3f]")
      try #require(moved != text)
      try moved.write(to: file, atomically: true, encoding: .utf8)
      let report = try BootComparison.report(BootFolder(path: folder.path))
      let blocks = report.records.filter {
        $0.figure.hasPrefix("line ") && $0.verdict == .different
      }
      #expect(blocks.first?.computed == "0x5ffcfb40")
      #expect(blocks.first?.kernel == "0x5ffcfb00")
    }
  }
}

@Suite("Damaged boots")
struct DamagedBootTests {
  /// Numbers that arithmetic finds hard.
  private static let numbers = [
    "0", "1", "18446744073709551615", "9223372036854775807", "4294967296", "99999999999",
  ]

  @Test("numbers changed at random lead to a report or to one line, never to a trap")
  func numbers() throws {
    try withSeed { random in
      for kernel in ["arm64-4k-va39", "x86_64-612", "i386-pae-61"] {
        try withBoots(of: kernel) { folders in
          for _ in 0..<12 {
            let folder = random.element(of: folders)
            try withChanged(random.element(of: Self.files), in: folder, &random) {
              do {
                _ = try BootComparison.report(BootFolder(path: folder.path))
              } catch let error as BadInput {
                #expect(!error.description.contains("\n"))
              }
            }
          }
        }
      }
    }
  }

  private static let files = [
    "run.json", "dmesg.txt", "zoneinfo.txt", "zonestruct.txt", "sysctl_vm.txt", "vmstat.txt",
    "sys_kernel_slab.txt", "slabinfo.txt",
  ]

  /// Runs `body` while a tenth of the numbers of a text are others.
  private func withChanged(
    _ name: String, in folder: URL, _ random: inout SeededGenerator, _ body: () throws -> Void
  ) throws {
    let file = folder.appending(path: name)
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { return }
    var changed = ""
    var digits = ""
    for character in text + " " {
      if character.isNumber {
        digits.append(character)
        continue
      }
      if !digits.isEmpty {
        changed += random.chance(oneIn: 10) ? random.element(of: Self.numbers) : digits
        digits = ""
      }
      changed.append(character)
    }
    try changed.write(to: file, atomically: true, encoding: .utf8)
    defer { try? text.write(to: file, atomically: true, encoding: .utf8) }
    try body()
  }
}

/// Unpacks the boots of a kernel for as long as `body` runs.
func withBoots(of kernel: String, _ body: ([URL]) throws -> Void) throws {
  let files = FileManager.default
  let folder = files.temporaryDirectory.appending(path: "octavo-boots-\(UUID())")
  try files.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? files.removeItem(at: folder) }
  let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/physical/boot/\(kernel).tar.gz")
  let tar = Process()
  tar.executableURL = URL(filePath: "/usr/bin/env")
  tar.arguments = ["tar", "-xzf", fixtures.path, "-C", folder.path]
  try tar.run()
  tar.waitUntilExit()
  try #require(tar.terminationStatus == 0)
  let boots = try files.contentsOfDirectory(
    at: folder.appending(path: kernel), includingPropertiesForKeys: nil)
  try body(boots.sorted { $0.path < $1.path })
}

/// Calls `body` with the comparison of a boot in one of whose texts something was changed.
func withChangedBoot(
  _ file: String, _ old: String, _ new: String, _ body: (BootReport) throws -> Void
) throws {
  try withBoots(of: "arm64-4k-va39") { folders in
    let folder = try #require(folders.first { $0.lastPathComponent == "512M" })
    let place = folder.appending(path: file)
    let text = try String(contentsOf: place, encoding: .utf8)
    try #require(text.contains(old))
    try text.replacingOccurrences(of: old, with: new)
      .write(to: place, atomically: true, encoding: .utf8)
    try body(BootComparison.report(BootFolder(path: folder.path)))
  }
}
