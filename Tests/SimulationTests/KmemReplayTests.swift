import MemoryTypes
import Recordings
import Testing

@testable import Simulation

@Suite("Traces of page requests on machines of ours")
struct KmemReplayTests {
  @Test("the indices are those of the kernel's formulas")
  func indices() {
    // 100 pages: 20 single, 10 pairs, 15 of four.
    let sample = FragmentationSample(blocks: [20, 10, 15, 0])
    #expect(sample.freePages == 100)
    #expect(sample.unusable(order: 0) == 0)
    #expect(sample.unusable(order: 1) == 200)
    #expect(sample.unusable(order: 2) == 400)
    #expect(sample.unusable(order: 3) == 1000)
    #expect(sample.fragmentation(order: 2) == -1000)
    // 1000 - (1000 + 100 * 1000 / 8) / 45
    #expect(sample.fragmentation(order: 3) == 700)
    let empty = FragmentationSample(blocks: [0, 0])
    #expect(empty.unusable(order: 0) == 1000)
    #expect(empty.fragmentation(order: 0) == 0)
  }

  @Test("samples of a long run stay few, even and in order")
  func samples() {
    var row = SampleRow(limit: 8)
    for event in 0..<1000 { row.offer(FragmentationSample(events: event, blocks: [])) }
    let events = row.samples.map(\.events)
    #expect(events.count > 4 && events.count <= 8)
    let steps = Set(zip(events.dropFirst(), events).map { $0 - $1 })
    #expect(steps.count <= 2)
    #expect(events == events.sorted())
  }

  private func line(_ number: Int, _ event: String) -> String {
    "            task-1       [000] .....     1.\(100_000 + number): \(event)\n"
  }

  private func allocation(_ frame: Int, order: Int = 0, flags: String = "GFP_KERNEL") -> String {
    "mm_page_alloc: page=0 pfn=0x\(String(frame, radix: 16)) order=\(order) migratetype=0 "
      + "gfp_flags=\(flags)"
  }

  private func replay(_ events: [String], _ settings: KmemSettings) throws -> KmemReport {
    let text = events.enumerated().map { line($0.offset, $0.element) }.joined()
    return try KmemReplay(
      KernelTraceReader(name: "t", bytes: Array(text.utf8)), source: "t", on: settings
    ).run()
  }

  private func settings(ram: UInt) -> KmemSettings {
    var settings = KmemSettings()
    settings.ram = ByteCount(ram << 20)
    return settings
  }

  @Test("all that a trace frees is free again; frees of what came before are counted")
  func balance() throws {
    var events: [String] = []
    for frame in 0..<500 { events.append(allocation(frame + 7, order: frame % 4)) }
    for frame in 0..<500 {
      events.append("mm_page_free: page=0 pfn=\(frame + 7) order=\(frame % 4)")
      events.append("mm_page_free_batched: page=0 pfn=\(frame + 7) order=0")
    }
    events.append("mm_page_free: page=0 pfn=0x99999 order=0")
    let report = try replay(events, settings(ram: 64))
    #expect(report.requests.count == 500 && report.requests.failed == 0)
    #expect(report.requests.orders == [0: 125, 1: 125, 2: 125, 3: 125])
    #expect(report.frees == 500 && report.unknownFrees == 1)
    let kept = report.takes - report.drains
    #expect(kept >= 0 && report.takes > 0)
  }

  @Test("with less memory requests fail that a larger machine serves")
  func smaller() throws {
    let events = (0..<3000).map { allocation($0 + 1, order: 2, flags: "GFP_HIGHUSER_MOVABLE") }
    #expect(try replay(events, settings(ram: 128)).requests.failed == 0)
    let small = try replay(events, settings(ram: 32))
    #expect(small.requests.failed > 900)
    #expect((small.samples.last?.freePages ?? 0) < 500)
  }

  @Test("a contiguous area serves movable requests only")
  func contiguousArea() throws {
    var settings = settings(ram: 64)
    settings.cma = ByteCount(32 << 20)
    func failed(_ flags: String) throws -> Int {
      try replay((0..<12_000).map { allocation($0 + 1, flags: flags) }, settings).requests.failed
    }
    #expect(try failed("GFP_HIGHUSER_MOVABLE") == 0)
    #expect(try failed("GFP_KERNEL") > 3000)
  }

  @Test("the machine of a zoneinfo starts with the free blocks of its pagetypeinfo")
  func recordedMachine() throws {
    let zoneinfo = """
      Node 0, zone   Normal
        pages free     20000
              boost    0
              min      100
              low      150
              high     200
              promo    250
              spanned  65536
              present  65536
              managed  60000
              protection: (0, 0)
        pagesets
          cpu: 0
                    count:    300
                    high:     600
                    batch:    15
                    high_min: 600
                    high_max: 6000
        start_pfn:           65536

      """
    var settings = KmemSettings()
    settings.zones = try ZoneinfoReader(name: "z", bytes: Array(zoneinfo.utf8)).all()
    var zone = PagetypeinfoReader.Zone(node: 0, name: "Normal")
    zone.types = ["Unmovable", "Movable"]
    zone.free = [
      [0, 3, 0, 2, 0, 0, 0, 0, 1, 0, 0], [5, 9, 7, 3, 1, 0, 2, 0, 0, 3, 15],
    ]
    settings.pagetypeinfo = [zone]
    let report = try replay([], settings, allowsNothing: true)
    #expect(report.unplacedPages == 0)
    #expect(report.managedPages == 60_000)
    #expect(report.zones.map(\.blocks) == [[5, 12, 7, 5, 1, 0, 2, 0, 1, 3, 15]])
  }

  private func replay(
    _ events: [String], _ settings: KmemSettings, allowsNothing: Bool
  ) throws -> KmemReport {
    try KmemReplay(
      KernelTraceReader(name: "t", bytes: Array("# tracer: nop\n".utf8)), source: "t", on: settings
    ).run()
  }
}
