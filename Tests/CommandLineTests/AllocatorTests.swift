import Foundation
import Testing

@Suite("Replays of page allocators from the command line")
struct AllocatorTests {
  private var folder: String { Fixture.path("physical/buddy-64k-512M-s1") }

  @Test("a folder whose frames are all foretold exits 0 and ends with the counts")
  func equal() throws {
    let end = try CommandLine.run("replay", "--check", folder)
    #expect(end.status == 0)
    #expect(end.errors.isEmpty)
    #expect(end.output.hasSuffix("\n11243 records, 0 differences, 0 not supported\n"))
    #expect(end.output.contains("start to end: 3508 of 3508 frames, 29 of 29 fillings"))
  }

  @Test("a folder with another frame in its trace exits 1, a damaged one 65 with one line")
  func different() throws {
    try withTemporaryFolder { copy in
      let end = try CommandLine.shell(
        "cp -r '\(folder)'/. '\(copy)'; cd '\(copy)'; chmod u+w *; gzip -d *.gz"
          + "; sed -i '0,/mm_page_alloc:/s/\\(mm_page_alloc: .*pfn=0x\\)[0-9a-f]*/\\14001/' buddy.trace.txt"
          + "; \"$OCTAVO\" replay --check .")
      #expect(end.status == 1)
      #expect(end.output.contains("\n  recorded 0x4001\n"))
      let damaged = try CommandLine.shell(
        "cd '\(copy)'; sed -i 's/^PCPL/PCPX/' buddy.snaps.txt; \"$OCTAVO\" replay --check .")
      #expect(damaged.status == 65)
      #expect(damaged.output.isEmpty)
      #expect(damaged.errors.contains("buddy.snaps.txt:5: expected a line of a snapshot"))
      #expect(damaged.errors.filter { $0 == "\n" }.count == 1)
    }
  }

  @Test("a trace alone is replayed on another machine")
  func trace() throws {
    let file = folder + "/buddy.trace.txt.gz"
    let end = try CommandLine.run("replay", file, "--page-size", "64K", "--ram", "1G")
    #expect(end.status == 0)
    #expect(end.output.contains("11243 events") || end.output.contains("11248 events"))
    #expect(end.output.contains("part of them that a request of an order cannot use"))
  }

  @Test("a heap's trace is told in one table with a column for each design")
  func heap() throws {
    let file = Fixture.path("kmem/kmalloc.txt.gz")
    let end = try CommandLine.run("replay", file)
    #expect(end.status == 0, "\(end.errors)")
    #expect(end.output.contains("20000 events of a heap, replayed with 2 processors"))
    let lines = end.output.split(separator: "\n").map { $0.split(separator: " ") }
    #expect(lines.contains { $0.first == "slub" })
    #expect(lines.contains { $0.starts(with: ["memory", "at", "the", "peak,"]) })
    #expect(lines.contains { $0.starts(with: ["slabs", "at", "the", "end"]) })
    let one = try CommandLine.run("replay", "--slab", "slub", "--cpus", "1", file)
    #expect(one.output.contains("with 1 processors"))
    #expect(try CommandLine.run("replay", "--slab", "slip", file).status == 64)
    #expect(try CommandLine.run("replay", "--slab", "slub,slub", file).status == 64)
    #expect(try CommandLine.run("replay", "--cma", "64M", file).status == 64)
  }

  @Test(
    "a machine's heap has the design asked for, and its log replays with the same results",
    arguments: ["slub", "slab", "slob"])
  func design(name: String) throws {
    for log in [Fixture.basicLog] + Fixture.otherBasicLogs {
      let usual = try CommandLine.run("replay", "--check", log)
      let end = try CommandLine.run("replay", "--check", "--slab", name, log)
      #expect(end.status == usual.status)
      #expect(end.output == usual.output, "\(log)")
    }
    #expect(try CommandLine.run("replay", "--slab", "slip", Fixture.basicLog).status == 64)
  }

  @Test("options for traces of kmem events are refused with other recordings")
  func misplacedOptions() throws {
    let end = try CommandLine.run("replay", Fixture.basicLog, "--cma", "64M")
    #expect(end.status == 64)
  }
}
