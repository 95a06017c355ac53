import Foundation
import KernelHeap
import MemoryTypes
import Recordings
import Simulation
import TestSupport
import Testing

@Suite("Traces of a kernel's heap")
struct KmallocReplayTests {
  static let trace = SimulationTests.fixtures.appending(path: "kmem/kmalloc.txt.gz").path

  @Test("a recorded trace replays under each design; the same objects live under all")
  func recorded() throws {
    let report = try KmallocReplay(
      KernelTraceReader(path: Self.trace), source: "kmalloc.txt.gz", on: KmallocSettings()
    ).run()
    #expect(report.events == 20_000)
    #expect(report.processors == 2)
    #expect(
      report.kmallocs + report.cacheRequests + report.frees + report.unknownFrees
        + report.emptyFrees == report.events)
    #expect(report.designs.map(\.name) == SlabDesign.available.map(\.name))
    let living = report.kmallocs + report.cacheRequests - report.frees - report.silentFrees
    for design in report.designs {
      #expect(design.failed == 0)
      #expect(design.end.objects == living)
      #expect(design.end.requestedBytes == report.designs[0].end.requestedBytes)
      for moment in [design.peak, design.end] {
        #expect(moment.requestedBytes <= moment.slotBytes)
        #expect(moment.slotBytes <= moment.memoryBytes)
      }
      #expect(design.peak.memoryBytes >= design.end.memoryBytes)
      #expect(design.slabs.partial + design.slabs.empty <= design.slabs.count)
      #expect(design.slabs.freeBytes <= design.slabs.partialBytes)
    }
  }

  @Test("the simple design takes the least memory, at the peak and at the end")
  func smallest() throws {
    let report = try KmallocReplay(
      KernelTraceReader(path: Self.trace), source: "kmalloc.txt.gz", on: KmallocSettings()
    ).run()
    let simple = try #require(report.designs.first { $0.name == "slob" })
    for design in report.designs where design.name != "slob" {
      #expect(simple.peak.memoryBytes < design.peak.memoryBytes)
      #expect(simple.end.memoryBytes < design.end.memoryBytes)
    }
  }

  @Test("slots under SLUB are those of the traced kernel, which has it too")
  func slots() throws {
    let report = try replay(
      String(decoding: try unpacked(), as: UTF8.self), designs: [.slub])
    #expect(report.designs[0].end.slotBytes == report.designs[0].end.recordedBytes)
    #expect(report.designs[0].peak.slotBytes == report.designs[0].peak.recordedBytes)
  }

  @Test("what the trace did not give out is counted and not freed; nothing freed is nothing")
  func unknown() throws {
    let report = try replay(
      Self.head + Self.free(0xffff_8880_0000_1000) + Self.free(0)
        + Self.allocate(0xffff_8880_0000_2000, 100, 128)
        + Self.free(0xffff_8880_0000_2000) + Self.free(0xffff_8880_0000_2000))
    #expect(report.unknownFrees == 2)
    #expect(report.emptyFrees == 1)
    #expect(report.frees == 1)
    #expect(report.designs.allSatisfy { $0.end.objects == 0 && $0.end.slotBytes == 0 })
  }

  @Test("an address that is given out twice was freed in between, without an event")
  func silent() throws {
    let line = Self.allocate(0xffff_8880_0000_2000, 100, 128)
    let report = try replay(Self.head + line + line)
    #expect(report.silentFrees == 1)
    #expect(report.designs.allSatisfy { $0.end.objects == 1 && $0.end.requestedBytes == 100 })
  }

  @Test("the peak is when memory was most; a large object is a block of frames of its own")
  func peak() throws {
    let address: UInt64 = 0xffff_8880_0010_0000
    let report = try replay(
      Self.head + Self.allocate(address, 100_000, 131_072) + Self.free(address)
        + Self.allocate(address, 40_000, 65_536))
    for design in report.designs {
      #expect(design.peak.events == 1)
      #expect(design.peak.requestedBytes == 100_000)
      #expect(design.peak.memoryBytes - design.end.memoryBytes == 65_536)
      #expect(design.slabs.largeBlocks == 1)
    }
  }

  @Test("requests for old devices are served from a row of their own, where there are rows")
  func oldDevices() throws {
    let ordinary = Self.allocate(0xffff_8880_0000_2000, 100, 128)
    let others = try [("2080", "GFP_KERNEL"), ("3000", "GFP_KERNEL|GFP_DMA")].map { place, flags in
      try replay(
        Self.head + ordinary
          + ordinary.replacing("00002000", with: "0000\(place)")
          .replacing("GFP_KERNEL", with: flags))
    }
    for (plain, special) in zip(others[0].designs, others[1].designs) {
      let hasRows = plain.name != "slob"
      #expect(plain.end.rows.dma == 0)
      #expect(special.end.rows.dma == special.end.slotBytes / 2)
      #expect(special.slabs.partial == plain.slabs.partial + (hasRows ? 1 : 0))
      #expect(special.end.objects == 2)
      #expect(special.failed == 0)
    }
  }

  @Test("requests that failed in the trace are counted, and absurd ones fail here")
  func failures() throws {
    let report = try replay(
      Self.head + Self.allocate(0, 64, 64) + Self.allocate(0x1000, .max, .max)
        + Self.allocate(0x2000, 1 << 40, 1 << 40, cache: "vast")
        + Self.allocate(0x3000, 0, 0) + Self.allocate(0x4000, 0, 0, cache: "none"))
    #expect(report.recordedFailed == 1)
    #expect(report.designs.allSatisfy { $0.failed == 2 && $0.end.objects == 2 })
  }

  @Test("numbers changed at random lead to a report or to one line, never to a trap")
  func damaged() throws {
    try withSeed { random in
      let lines = String(decoding: try unpacked(), as: UTF8.self).split(separator: "\n")
      let numbers = ["0", "1", "18446744073709551615", "4294967296", "33", "4097", "-1"]
      for _ in 0..<20 {
        var text = ""
        for line in lines.prefix(400) {
          var line = String(line)
          if random.chance(oneIn: 8) {
            let key = random.element(of: ["bytes_req=", "bytes_alloc=", "ptr="])
            let other = random.element(of: numbers)
            line = line.replacing(
              try Regex("\(key)[0-9a-f]+"), with: "\(key)\(other)")
          }
          text += line + "\n"
        }
        do {
          _ = try replay(text)
        } catch let error as BadInput {
          #expect(!error.description.contains("\n"))
        }
      }
    }
  }

  @Test("a trace of objects is told from one of frames")
  func recognised() throws {
    #expect(KmallocReplay.recognises(path: Self.trace))
    let frames = SimulationTests.fixtures
      .appending(path: "physical/buddy-64k-512M-s1/buddy.trace.txt.gz").path
    #expect(!KmallocReplay.recognises(path: frames))
    #expect(!KmallocReplay.recognises(path: "/nonexistent"))
  }

  private func unpacked() throws -> [UInt8] {
    let pipe = Pipe()
    let gzip = Process()
    gzip.executableURL = URL(filePath: "/usr/bin/env")
    gzip.arguments = ["gzip", "-dc", Self.trace]
    gzip.standardOutput = pipe
    try gzip.run()
    let data = try #require(try pipe.fileHandleForReading.readToEnd())
    gzip.waitUntilExit()
    return Array(data)
  }

  private func replay(
    _ text: String, designs: [SlabDesign] = SlabDesign.available
  ) throws -> KmallocReport {
    var settings = KmallocSettings()
    settings.designs = designs
    settings.ram = ByteCount(64 << 20)
    return try KmallocReplay(
      KernelTraceReader(name: "trace", bytes: Array(text.utf8)), source: "trace", on: settings
    ).run()
  }

  private static let head = "# tracer: nop\n# entries-in-buffer/entries-written: 4/4   #P:2\n"

  private static func allocate(
    _ address: UInt64, _ requested: UInt64, _ allocated: UInt64, cache: String? = nil
  ) -> String {
    let event =
      cache.map { "kmem_cache_alloc: call_site=f+0x1/0x2 name=\($0)" }
      ?? "kmalloc: call_site=f+0x1/0x2"
    let parts = event.split(separator: " name=")
    let name = parts.count > 1 ? "name=\(parts[1]) " : ""
    return "            bash-21687   [000] .....  7209.850282: \(parts[0])"
      + " ptr=\(String(address, radix: 16)) \(name)bytes_req=\(requested)"
      + " bytes_alloc=\(allocated) gfp_flags=GFP_KERNEL node=-1 accounted=false\n"
  }

  private static func free(_ address: UInt64) -> String {
    "            bash-21687   [001] .....  7209.850300: kfree: call_site=f+0x1/0x2"
      + " ptr=\(String(address, radix: 16))\n"
  }
}

@Suite("Designs of the heap")
struct SlabDesignTests {
  @Test(
    "a basic log replays under each design with the same results",
    arguments: SlabDesign.available, ["basic-1", "basic-2", "basic-3", "basic-4"])
  func basicLog(design: SlabDesign, name: String) throws {
    let path = SimulationTests.fixtures.appending(path: "oracle/x86_64-6.18/\(name).log.gz").path
    let reader = try OracleReader(path: path)
    var machine = MachineConfiguration.standard
    machine.adopt(reader.header)
    machine.slab = design
    let report = try Replayer(reader, source: path, on: machine).run()
    #expect(report.differences == [])
    #expect(report.checked.results == 600)
    #expect(report.checked.maps == 600)
    #expect(report.after.freePages == report.before.freePages)
  }

  @Test("a machine file names the design; another word is told")
  func machineFile() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "octavo-\(UUID()).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    for design in SlabDesign.available {
      try "name: m\nslab: \(design.name)\n".write(to: file, atomically: true, encoding: .utf8)
      #expect(try MachineConfiguration(yamlFile: file.path).slab == design)
    }
    try "slab: slip\n".write(to: file, atomically: true, encoding: .utf8)
    let error = #expect(throws: BadInput.self) { try MachineConfiguration(yamlFile: file.path) }
    #expect(error?.found == "slip")
  }

  @Test("names of designs lead back to them")
  func names() {
    for design in SlabDesign.allCases { #expect(SlabDesign(name: design.name) == design) }
    #expect(SlabDesign(name: "slip") == nil)
  }
}
