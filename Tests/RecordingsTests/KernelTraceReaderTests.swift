import Foundation
import MemoryTypes
import TestSupport
import Testing

@testable import Recordings

@Suite("Kernel traces of memory")
struct KernelTraceReaderTests {
  private func events(_ text: String) throws -> [KernelTraceEvent] {
    try KernelTraceReader(name: "t", bytes: Array(text.utf8)).all()
  }

  @Test("the three texts of one event give the same event")
  func forms() throws {
    let rest = "page=00000000b9a382a7 pfn=0x1532f4 order=3 migratetype=1 gfp_flags=GFP_HIGHUSER|0x8"
    let ftrace = "            bash-10528   [001] d.s2.  5545.183417: mm_page_alloc: " + rest
    let report = "            bash-10528 (  10528) [001]  5545.183417: mm_page_alloc: " + rest
    let script = "bash 10528/10528 [001]  5545.183417: kmem:mm_page_alloc: " + rest
    for text in [ftrace, report, script] {
      let event = try #require(try events(text).first)
      #expect(event.time == 5_545_183_417_000)
      #expect(event.task == 10528)
      #expect(event.cpu == 1)
      #expect(event.line == 1)
      #expect(
        event.kind
          == .allocate(frame: 0x1532f4, order: 3, type: 1, flags: [.highUser, .movable]))
    }
    #expect(try events(ftrace)[0].context == [.interruptsOff, .softInterrupt])
    #expect(try events(script)[0].context == [])
  }

  @Test("names of tasks may hold spaces, dashes and brackets")
  func taskNames() throws {
    let lines = """
                 Web Content-77      [000] .....     1.000001: mm_page_free: page=0 pfn=0x1 order=0
       a[0] b-[c]-5      [000] ..s..     1.000002: mm_page_free_batched: page=0 pfn=0x2 order=0
               <...>-123456  [127] .N...     1.000003: tracing_mark_write: start_begin \n
         kworker/0:1-10      [000] d....     1.000004: mm_page_pcpu_drain: page=0 pfn=0x3 order=9 migratetype=4
      """
    let events = try events(lines)
    #expect(events.map(\.task) == [77, 5, 123456, 10])
    #expect(events.map(\.cpu) == [0, 0, 127, 0])
    #expect(events[1].context == .softInterrupt)
    #expect(events[2].kind == .mark(0))
    #expect(events[3].thread == .worker)
    #expect(events[3].kind == .drain(frame: 3, order: 9, type: 4))
  }

  @Test("the names of Linux's flags stand for its bits")
  func flagNames() throws {
    func flags(_ names: String) throws -> GFPFlags? {
      let line =
        " a-1 [0] 1.000000: mm_page_alloc: pfn=0x1 order=0 migratetype=0 gfp_flags=" + names
      guard case .allocate(_, _, _, let flags) = try events(line)[0].kind else { return nil }
      return flags
    }
    #expect(try flags("GFP_KERNEL_ACCOUNT")?.rawValue == 0x400cc0)
    #expect(try flags("GFP_HIGHUSER_MOVABLE|__GFP_COMP")?.rawValue == 0x140cca)
    #expect(try flags("GFP_ATOMIC|__GFP_NOWARN")?.rawValue == 0x2820)
    #expect(try flags("GFP_TRANSHUGE_LIGHT")?.rawValue == 0x1c20ca)
    #expect(try flags("GFP_NOFS|__GFP_ZERO")?.rawValue == 0xd40)
    #expect(try flags("none") == [])
    #expect(throws: BadInput.self) { try flags("GFP_NONSENSE") }
  }

  @Test("objects are read with the names of their caches, and a null pointer is 0")
  func objects() throws {
    let reader = KernelTraceReader(
      name: "t",
      bytes: Array(
        """
        a-1 [000] .....  1.000000: kmem_cache_alloc: call_site=f+0x1/0x2 ptr=ffff888100ce5000 \
        name=filp bytes_req=184 bytes_alloc=192 gfp_flags=GFP_KERNEL node=-1 accounted=true
        a-1 [000] .....  1.000001: kmem_cache_free: call_site=f+0x1/0x2 ptr=ffff888100ce5000 name=filp
        a-1 [000] .....  1.000002: kfree: call_site=f+0x1/0x2 ptr=(nil)
        a-1 [000] .....  1.000003: kmalloc: call_site=f+0x1/0x2 ptr=ffff888100ce5008 \
        bytes_req=60 bytes_alloc=64 gfp_flags=GFP_NOFS|__GFP_ZERO node=-1 accounted=false

        """.utf8))
    let kinds = try reader.all().map(\.kind)
    #expect(reader.names == ["filp"])
    #expect(
      kinds == [
        .allocateObject(
          address: 0xffff_8881_00ce_5000, requested: 184, allocated: 192, flags: .kernel, cache: 0),
        .freeObject(address: 0xffff_8881_00ce_5000, cache: 0),
        .freeObject(address: 0, cache: .max),
        .allocateObject(
          address: 0xffff_8881_00ce_5008, requested: 60, allocated: 64,
          flags: [.reclaim, .mayStartIO, .zeroed], cache: .max),
      ])
  }

  @Test("unknown events are counted, and lost ones too")
  func others() throws {
    let reader = KernelTraceReader(
      name: "t",
      bytes: Array(
        """
        # tracer: nop
        #
        CPU:1 [LOST 12 EVENTS]
         a-1 [000] .....  1.000000: sched_switch: prev_comm=a

        """.utf8))
    #expect(try reader.all().isEmpty)
    #expect(reader.ignored == ["sched_switch": 1])
    #expect(reader.lost == 12)
  }

  @Test(
    "a line that is no event, or lacks a field, is one clear message",
    arguments: [
      ("rubbish", "t:1: expected TASK-PID [CPU] TIME: EVENT:, found \"rubbish\""),
      (" a-1 [000] .....  1.000000: mm_page_free: page=0 order=0", "expected pfn= and a number"),
      (" a-1 [000] .....  1.000000: mm_page_free: pfn=0x1 order=999", "a number up to 255"),
      (" a-1 [000] .....  1.000000: mm_page_free: pfn=0x11111111111111111 order=9", "pfn="),
      (" a-1 [9999999999999999999999] .....  1.000000: mm_page_free: pfn=0", "TASK-PID"),
      (" a-1 [000] .....  1.0000000000000: mm_page_free: pfn=0", "TASK-PID"),
    ])
  func damage(line: String, message: String) throws {
    let error = try #require(throws: BadInput.self) { try events(line + "\n") }
    #expect(error.description.contains(message))
  }

  @Test("a real trace is read whole")
  func realTrace() throws {
    let reader = try KernelTraceReader(
      path: Fixtures.own.appending(path: "physical/buddy-64k-512M-s1/buddy.trace.txt.gz").path(
        percentEncoded: false))
    let events = try reader.all()
    #expect(reader.ignored.isEmpty)
    #expect(events.count == 11_248)
    #expect(events.count { if case .allocate = $0.kind { true } else { false } } == 3508)
    #expect(events.count { if case .take = $0.kind { true } else { false } } == 832)
  }

  @Test("damage anywhere in a trace or a snapshot is read on or told, and never a crash")
  func anyDamage() throws {
    let trace = try FolderFixture.bytes("physical/buddy-64k-512M-s1/buddy.trace.txt.gz")
    let snapshots = try FolderFixture.bytes("physical/buddy-64k-512M-s1/buddy.snaps.txt.gz")
    withSeed { generator in
      for _ in 0..<100 {
        let start = Int.random(in: 0..<60_000, using: &generator)
        var bytes = Array(trace[start..<start + 9000])
        damage(&bytes, &generator)
        _ = try? KernelTraceReader(name: "t", bytes: bytes).all()
        bytes = snapshots
        damage(&bytes, &generator)
        _ = try? PhysicalSnapshotReader(name: "t", bytes: bytes).all()
        _ = try? ZoneinfoReader(name: "t", bytes: bytes).all()
        _ = try? PagetypeinfoReader(name: "t", bytes: bytes).all()
      }
    }
  }

  private func damage(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
    for _ in 0..<Int.random(in: 1...20, using: &generator) {
      let place = Int.random(in: 0..<bytes.count, using: &generator)
      bytes[place] = Array("0fx=[]. :-\n".utf8).randomElement(using: &generator) ?? 0
    }
  }
}
