import Foundation
import MemoryTypes
@testable import Recordings
import TestSupport
import Testing

/// The folder of a boot, whole and damaged.
@Suite("Folders of boots")
struct BootFolderTests {
  static let run = #"""
    {"kernel": "x86_64-612", "cmdline": "console=ttyS0 kernelcore=512M cma=64M",
     "qemu": "qemu-system-x86_64 -M q35,smm=off -m 5G,slots=2 -smp 4,sockets=2 -object memory-backend-ram,size=3G,id=m0 -numa node,nodeid=0,memdev=m0,cpus=0-1 -numa node,mem=2048,cpus=2,cpus=3 -numa dist,src=0,dst=1,val=31 -append 'console=ttyS0 x=1'"}
    """#
  static let zones = """
    Node 0, zone      DMA
      pages free     3808
            min      22
            low      27
            high     32
            spanned  4095
            present  3998
            managed  3840
            protection: (0, 441, 441)
      pagesets
        cpu: 0
                  count: 0
                  high:  27
                  batch: 1
      vm stats threshold: 2
        cpu: 1
                  high:  99
                  batch: 9
      start_pfn:           1

    """
  static let log = """
    <5>[    0.000000] Linux version 6.12.101+deb12-amd64 (x) #1
    <6>[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
    <6>memblock_remove: [0x0001000000000000-0x0000fffffffffffe] a+0x1/0x2
    <6>[    0.052449] MEMBLOCK configuration:
    <6>[    0.052458]  memory size = 0x1000 reserved size = 0x0
    <6>[    0.052476]  memory.cnt  = 0x1
    <6>[    0.052489]  memory[0x0]\t[0x0000000000001000-0x000000000009efff], 0x9e000 bytes on node 3 flags: 0x4
    <6>[    0.052565]  reserved.cnt  = 0x0
    <6>[    0.068674] memblock_alloc_try_nid: 4096 bytes align=0x40 nid=-1 from=0x0 max_addr=0x0 sparse_init+0x456/0x490
    <6>[    0.068732] memblock_reserve: [0x1000-0x1fff] memblock_alloc_range_nid+0xbd/0x180
    <6>[    0.068733] memblock_phys_free: [0x3000-0x2fff] x+0xbd/0x180
    <6>[    0.069389] Zone ranges:
    <6>[    0.069397]   DMA      [mem 0x0000000000001000-0x0000000000ffffff]
    <6>[    0.069447]   Normal   empty
    <6>[    0.069479] Movable zone start for each node
    <6>[    0.069480]   Node 0: 0x0000000070000000
    <6>[    0.069525] Early memory node ranges
    <6>[    0.069534]   node   0: [mem 0x0000000000001000-0x000000000009efff]
    <6>[    0.185695] Fallback order for Node 0: 0 1 
    <6>[    0.185696] SLUB: HWalign=64
    <6>[    0.185697] smp: Brought up 2 nodes, 4 CPUs
    <6>[    3.437267] Freeing initrd memory: 1396K

    """

  private func withFolder(
    run: String? = run, zones: String? = zones, log: String? = log, _ body: (String) throws -> Void
  ) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "octavo-boot-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in [("run.json", run), ("zoneinfo.txt", zones), ("dmesg.txt", log)] {
      try text?.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
    }
    try body(folder.path)
  }

  @Test("the emulator's command tells memory, processors, nodes and distances")
  func emulator() throws {
    try withFolder { path in
      let run = try BootFolder(path: path).run
      #expect(run.memory == 5 << 30)
      #expect(run.machine == "q35")
      #expect(run.processors == 4)
      #expect(run.nodes.map(\.memory) == [3 << 30, 2 << 30])
      #expect(run.nodes.map(\.processors) == [[0, 1], [2, 3]])
      #expect(run.distances == [BootRun.Distance(from: 0, to: 1, value: 31)])
      #expect(run.parameter("kernelcore") == "512M")
      #expect(run.parameter("kernel") == nil)
    }
  }

  @Test("the log is read as what it says about memory")
  func log() throws {
    try withFolder { path in
      let folder = try BootFolder(path: path)
      #expect(folder.version == "6.12.101+deb12-amd64")
      let configuration = BootConfiguration(
        memory: [BootConfiguration.Region(range: 0x1000..<0x9f000, node: 3, flags: 4)])
      let request = BootRequest(
        function: "memblock_alloc_try_nid", size: 4096, alignment: 64, node: -1, minimum: 0,
        limit: 0, caller: "sparse_init")
      #expect(
        folder.log.map(\.event) == [
          .firmwareRange(0..<0x9fc00, kind: "usable"),
          .remove(0x1_0000_0000_0000..<UInt64.max), .configuration(configuration),
          .request(request), .reserve(0x1000..<0x2000, isAllocation: true),
          .free(0x3000..<0x3000), .zone(name: "DMA", 0x1000..<0x100_0000),
          .zone(name: "Normal", nil), .movableStart(node: 0, 0x7000_0000),
          .fallbackOrder(node: 0, [0, 1]), .handedOver, .processorsUp(count: 4),
          .freeing(what: "initrd memory", bytes: 1396 << 10),
        ])
      #expect(folder.log[3].line == 9)
    }
  }

  @Test("zones have what is printed for them; lists are those of the first processor")
  func zones() throws {
    try withFolder { path in
      let zone = try #require(try BootFolder(path: path).zones.first)
      #expect(zone.managed == 3840 && zone.high == 32 && zone.promo == nil)
      #expect(zone.listHigh == 27 && zone.listBatch == 1 && zone.start == 1)
      #expect(zone.protection == [0, 441, 441] && zone.statisticsThreshold == 2)
    }
  }

  static let damages: [(run: String?, zones: String?, log: String?, expected: String)] = [
    (nil, zones, log, "run.json"),
    (run, nil, log, "zoneinfo.txt"),
    (run, zones, nil, "dmesg.txt"),
    ("{}", zones, log, "the texts kernel and qemu"),
    (run.replacingOccurrences(of: "-m 5G", with: "-m much"), zones, log, "-m"),
    (run.replacingOccurrences(of: "-smp 4", with: "-smp none"), zones, log, "-smp"),
    (run.replacingOccurrences(of: "memdev=m0", with: "memdev=m7"), zones, log, "-numa"),
    (run, "hello\n", log, "zones"),
    (run, zones.replacingOccurrences(of: "441, 441", with: "441; 441"), log, "\", \""),
    (run, zones.replacingOccurrences(of: "min      22", with: "min"), log, "a number"),
    (run, zones, log.replacingOccurrences(of: "[0x1000-0x1fff]", with: "[0x1000"), "a range"),
    (run, zones, log.replacingOccurrences(of: "align=0x40", with: "align=0x41"), "a request"),
    (run, zones, log.replacingOccurrences(of: " flags: 0x4", with: ""), "flags"),
    (run, zones, log.replacingOccurrences(of: "[0x3000-0x2fff]", with: "[0x3000-0x1fff]"), "range"),
  ]

  @Test("what is missing or broken is told in one line", arguments: damages.indices)
  func damaged(index: Int) throws {
    let damage = Self.damages[index]
    try withFolder(run: damage.run, zones: damage.zones, log: damage.log) { path in
      let error = try #require(throws: BadInput.self) { try BootFolder(path: path) }
      #expect(error.expected.contains(damage.expected), "\(error)")
      #expect(!error.description.contains("\n"))
    }
  }

  @Test("a log with bytes changed at random is read or refused")
  func hostile() throws {
    try withSeed { random in
      for _ in 0..<200 {
        var bytes = Array(Self.log.utf8)
        for _ in 0..<6 {
          bytes[random.next(in: 0..<bytes.count)] = UInt8(random.next(in: 32..<127))
        }
        try withFolder(log: String(decoding: bytes, as: UTF8.self)) { path in
          do { _ = try BootFolder(path: path) } catch is BadInput {}
        }
      }
    }
  }

  @Test("a folder is recognised by its texts")
  func recognition() throws {
    try withFolder(run: nil, zones: nil) { #expect(BootFolder.recognises($0)) }
    try withFolder(zones: nil, log: nil) { #expect(BootFolder.recognises($0)) }
    try withFolder(run: nil, zones: nil, log: nil) { #expect(!BootFolder.recognises($0)) }
    #expect(!BootFolder.recognises("/nowhere"))
  }
}
