import Foundation
import Recordings
import Simulation
import TestSupport
import Testing

/// What real kernels say about the caches of their heaps.
@Suite("Slab facts of recorded boots")
struct SlabFactsTests {
  private static let figures = [
    "slab size", "order", "objects per slab", "cpu_partial", "min_partial",
    "name, shared or own", "aliases", "merged where it can be", "line of slabinfo",
  ]

  @Test("all 6325 caches of 55 boots are cut, named and merged as here")
  func all() throws {
    var counts: [String: Int] = [:]
    var boots = 0
    for kernel in BootComparisonTests.kernels where kernel != "x86_64-61" {
      try withBoots(of: kernel) { folders in
        for folder in folders {
          boots += 1
          let report = try BootComparison.report(BootFolder(path: folder.path))
          let caches = report.records.filter { $0.subject.hasPrefix("cache") }
          #expect(caches.allSatisfy { $0.verdict == .equal }, "\(folder.path)")
          for record in caches { counts[record.figure, default: 0] += Int(record.kernel) ?? 0 }
        }
      }
    }
    #expect(boots == 55)
    for figure in Self.figures { #expect(counts[figure] == 6325, "\(figure)") }
    #expect(counts["alias of a known size"] == 1457)
  }

  /// What to change in a text of arm64-4k-va39, and what must differ then.
  static let changes: [(file: String, from: String, to: String, figures: Set<String>)] = [
    (
      "sys_kernel_slab.txt", ":A-0000384 328 384", ":A-0000384 328 392",
      ["slab size", "line of slabinfo"]
    ),
    (
      "sys_kernel_slab.txt", ":A-0000384 328 384 10", ":A-0000384 328 384 11",
      ["objects per slab", "line of slabinfo"]
    ),
    (
      "sys_kernel_slab.txt", ":0000576 576 576 14 1", ":0000576 576 576 14 2",
      ["order", "line of slabinfo"]
    ),
    (
      "sys_kernel_slab.txt", ":0001024 1024 1024 8 1 64 24 5", ":0001024 1024 1024 8 1 64 52 5",
      ["cpu_partial"]
    ),
    (
      "sys_kernel_slab.txt", ":0004096 4096 4096 8 3 64 6 6", ":0004096 4096 4096 8 3 64 6 5",
      ["min_partial"]
    ),
    (
      "sys_kernel_slab.txt", "cred -> :A-0000192", "cred -> :0000192",
      ["aliases"]
    ),
    (
      "sys_kernel_slab.txt", "kmalloc-rcl-96 -> :a-0000096", "kmalloc-rcl-96 -> :A-0000096",
      ["aliases", "alias of a known size"]
    ),
    (
      "sys_kernel_slab.txt", "cache anon_vma ", "cache :0000104 ",
      ["name, shared or own", "line of slabinfo"]
    ),
    (
      "sys_kernel_slab.txt", "-> :0000136\n",
      "-> :0000136\ncache loner 136 136 30 0 8 120 5 0 0 0 0 0 -\n",
      ["name, shared or own", "merged where it can be"]
    ),
    ("slabinfo.txt", "    256   16    1 :", "    256   15    1 :", ["line of slabinfo"]),
  ]

  @Test("a fact that is changed is the one that differs", arguments: changes.indices)
  func changed(index: Int) throws {
    let change = Self.changes[index]
    try withChangedBoot(change.file, change.from, change.to) { report in
      let different = report.records.filter {
        $0.verdict == .different && $0.subject.hasPrefix("cache ")
      }
      #expect(Set(different.map(\.figure)) == change.figures)
    }
  }

  @Test(
    "a line that is none is told in one line",
    arguments: [
      "cache", "cache a 1", "cache a 0 8 512 0 8 120 5 0 0 0 0 0 -",
      "cache a 99999999999999999999 8 512 0 8 120 5 0 0 0 0 0 -",
      "cache a 8 8 512 0 24 120 5 0 0 0 0 0 -", "alias a b c", "nonsense",
    ])
  func damaged(line: String) throws {
    try withBoots(of: "arm64-4k-va39") { folders in
      let file = folders[0].appending(path: "sys_kernel_slab.txt")
      let text = try String(contentsOf: file, encoding: .utf8)
      try (text + line + "\n").write(to: file, atomically: true, encoding: .utf8)
      let error = #expect(throws: BadInput.self) { try BootFolder(path: folders[0].path) }
      #expect(error?.line == text.split(separator: "\n").count + 1)
    }
  }
}
