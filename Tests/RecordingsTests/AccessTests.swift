import Foundation
import MemoryTypes
import TestSupport
import Testing

@testable import Recordings

@Suite("Access traces")
struct AccessTests {
  private func events(_ text: String) throws -> [RecordedEvent] {
    let reader = LackeyReader(ByteSource(name: "trace", bytes: Array(text.utf8)))
    return try collect(reader)
  }

  private func collect(_ reader: any RecordingReader) throws -> [RecordedEvent] {
    var events: [RecordedEvent] = []
    while let event = try reader.next() { events.append(event) }
    return events
  }

  @Test("the four letters of lackey, with address and size, in order")
  func letters() throws {
    let events = try events(
      "==12== Lackey\nI  04001f50,3\n L 1ffeffe7e8,8\n S ffffffffffffffff,16\n M 0,1\n")
    #expect(
      events == [
        RecordedEvent(
          position: 2, task: 1,
          .accesses([
            TracedAccess(.instruction, at: 0x0400_1f50, size: 3),
            TracedAccess(.load, at: 0x1f_feff_e7e8, size: 8),
            TracedAccess(.store, at: .max, size: 16), TracedAccess(.modify, at: 0, size: 1),
          ]))
      ])
  }

  @Test("a call stands between the accesses before and after it")
  func calls() throws {
    let events = try events(
      """
      I  10,1
      ==0== SYSCALL mmap(0x0,0x2000,0x3,0x22,0xffffffff,0x0) = 0x400286a000 at access 1
      ==0== SYSCALL write(0x1,0x2,0x3) = 0x3 at access 1
      ==0== SYSCALL mmap(0x0,0x1000,0x1,0x2,0x4,0x0) = 0x400286c000 at access 1
       L 20,4
      """)
    #expect(events.map(\.position) == [1, 2, 4, 5])
    guard case .call(let anonymous) = events[1].body, case .call(let mapped) = events[2].body else {
      Issue.record("no calls where they stood")
      return
    }
    #expect(anonymous.name == .mmap && anonymous.arguments.a1 == 0x2000 && anonymous.file == nil)
    #expect(anonymous.result == 0x40_0286_a000)
    #expect(mapped.file == FileID(0))
  }

  @Test("batches are full but for the last, and no line is lost between two reads of the file")
  func batches() throws {
    let count = 200_000
    let lines = (0..<count).map { "I  \(String($0 * 16, radix: 16)),4\n" }
    let events = try events(lines.joined())
    let sizes = events.map { event in
      if case .accesses(let accesses) = event.body { accesses.count } else { 0 }
    }
    #expect(sizes.dropLast().allSatisfy { $0 == TracedAccess.batchLimit })
    #expect(sizes.reduce(0, +) == count)
    let addresses = events.flatMap { event -> [UInt64] in
      if case .accesses(let accesses) = event.body { accesses.map(\.address) } else { [] }
    }
    #expect(addresses == (0..<count).map { UInt64($0 * 16) })
  }

  @Test(
    "a line that is no access is told with its number",
    arguments: [
      "X  10,1", "I 10,1", "I  ,1", "I  10", "I  10,", "I  10,0", "I  10,65536", "I  10,4 ",
      "I  11112222333344445,1", " L10,1", " Q 10,1", "I  10;1", "", "I", " ", "\u{0}",
    ])
  func badLine(line: String) throws {
    let error = #expect(throws: BadInput.self) {
      _ = try events("I  10,1\n\(line)\nI  10,1\n")
    }
    #expect(error?.line == 2)
    #expect(error?.description.contains("\n") == false)
  }

  @Test("text without an end, an empty file, and calls with broken words are refused")
  func damagedText() throws {
    #expect(throws: BadInput.self) { _ = try events("") }
    #expect(throws: BadInput.self) {
      _ = try events("I  " + String(repeating: "1", count: 2 << 20))
    }
    for call in [
      "mmap", "mmap(", "mmap(0x0", "mmap(0x0,)", "mmap(1,2,3,4,5,6,7) = 0x0", "brk(1) =",
    ] {
      #expect(throws: BadInput.self) { _ = try events("==0== SYSCALL \(call)\n") }
    }
  }

  @Test("random accesses survive the compact form")
  func compactForm() throws {
    try withSeed { random in
      var accesses: [TracedAccess] = []
      for _ in 0..<20_000 {
        let kind = TracedAccess.Kind.allCases[random.next(in: 0..<4)]
        let near = UInt64(random.next(in: 0..<4096))
        let address = random.next(in: 0..<20) == 0 ? random.next() : 0x7fff_0000 &+ near
        accesses.append(
          TracedAccess(
            kind, at: address, size: UInt16(random.next(in: 1..<65536) >> (near & 15)) | 1)
        )
        accesses.append(TracedAccess(kind, at: address &+ 1, size: 1 << UInt16(near & 15)))
      }
      let path = freshPath()
      defer { try? FileManager.default.removeItem(atPath: path) }
      let writer = try CompactWriter(path: path)
      try writer.begin(RecordingHeader(source: .accesses))
      for start in stride(from: 0, to: accesses.count, by: TracedAccess.batchLimit) {
        let end = min(start + TracedAccess.batchLimit, accesses.count)
        try writer.append(
          RecordedEvent(position: 0, task: 1, .accesses(Array(accesses[start..<end]))))
      }
      try writer.finish()
      let read = try collect(CompactReader(path: path)).flatMap { event -> [TracedAccess] in
        if case .accesses(let accesses) = event.body { accesses } else { [] }
      }
      #expect(read == accesses)
    }
  }

  @Test("a damaged batch throws and never traps")
  func damagedBatch() throws {
    var encoder = CompactEncoder()
    encoder.put((0..<200).map { TracedAccess(.load, at: UInt64($0) << 20, size: 8) })
    let good = encoder.bytes
    #expect(try decoded(good).count == 200)
    for length in 0..<good.count {
      #expect(throws: CompactDamage.self) { try decoded(Array(good[..<length])) }
    }
    // One access: a code without meaning, an instruction and an operand of no bytes, one of too many.
    for access in [[0x50, 0], [0, 0, 0], [0x7f, 0, 0], [0x7f, 0x80, 0x80, 4, 0]] as [[UInt8]] {
      #expect(throws: CompactDamage.self) { try decoded([1, UInt8(access.count)] + access) }
    }
    withSeed { random in
      for _ in 0..<2000 {
        var bytes = good
        bytes[random.next(in: 0..<bytes.count)] = UInt8(random.next(in: 0..<256))
        _ = try? decoded(bytes)
      }
    }
  }

  private func decoded(_ bytes: [UInt8]) throws -> [TracedAccess] {
    var decoder = CompactDecoder(bytes)
    return try decoder.takeAccesses()
  }
}
