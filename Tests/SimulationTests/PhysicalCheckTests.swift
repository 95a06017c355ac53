import Foundation
import MemoryTypes
import Recordings
import TestSupport
import Testing

@testable import Simulation

@Suite("Frames foretold from a snapshot of the real allocator")
struct PhysicalCheckTests {
  static let fixture = SimulationTests.fixtures
    .appending(path: "physical/buddy-64k-512M-s1")

  private func check(_ folder: URL) throws -> PhysicalCheckReport {
    let path = folder.path(percentEncoded: false)
    return try PhysicalCheck(try #require(PhysicalFolder(path))).run()
  }

  @Test(
    "every request gets the frame that the kernel gave, and all lists end as they did, in order")
  func exact() throws {
    let report = try check(Self.fixture)
    #expect(report.differenceCount == 0)
    let segment = try #require(report.segments.first)
    #expect(segment.from == "start" && segment.to == "end")
    #expect(segment.allocations == .init(count: 3508, equal: 3508))
    #expect(segment.refills == .init(count: 29, equal: 29))
    #expect(segment.frees == 3506)
    #expect(segment.freeLists == .init(count: 8, equal: 8))
    #expect(segment.perCPULists == .init(count: 1, equal: 1))
    #expect(segment.perCPUFrames == 848)
    #expect(segment.eventCounters == .init(count: 2, equal: 2))
    #expect(report.counts.description == "11243 records, 0 differences, 0 not supported")
  }

  @Test("another frame, another list or another type in the folder is a difference")
  func canFail() throws {
    // Two frames of a list change places; a request got another frame; a pageblock another type.
    try expectDifference { snapshots, _ in
      guard let list = snapshots.range(of: "PCPL 0 0 0 0 ") else { return }
      let end = try #require(snapshots[list.upperBound...].firstIndex(of: "\n"))
      var frames = snapshots[list.upperBound..<end].split(separator: " ")
      frames.swapAt(0, 1)
      snapshots.replaceSubrange(list.upperBound..<end, with: frames.joined(separator: " "))
    }
    try expectDifference { _, trace in
      let line = try #require(trace.range(of: "mm_page_alloc: page="))
      let frame = try #require(trace[line.upperBound...].range(of: "pfn=0x"))
      let end = try #require(trace[frame.upperBound...].firstIndex(of: " "))
      trace.replaceSubrange(frame.upperBound..<end, with: "4c00")
    }
  }

  @Test("counters that grew otherwise than the kernel's are differences", arguments: 1...2)
  func countersCanFail(place: Int) throws {
    let name = place == 1 ? "pgalloc_normal " : "pgfree "
    let (text, trace) = try texts()
    var snapshots = text
    let counter = try #require(snapshots.range(of: name, options: .backwards))
    let end = try #require(snapshots[counter.upperBound...].firstIndex(of: "\n"))
    let value = try #require(UInt64(snapshots[counter.upperBound..<end]))
    snapshots.replaceSubrange(counter.upperBound..<end, with: "\(value + 1000)")
    let folder = try write(snapshots, trace)
    defer { try? FileManager.default.removeItem(at: folder) }
    let report = try check(folder)
    #expect(report.differenceCount == 1)
    #expect(report.segments.first?.eventCounters == .init(count: 2, equal: 1))
  }

  @Test("a request that left no event is known by the free of a frame that nobody had")
  func unseen() throws {
    let (snapshots, text) = try texts()
    var trace = text
    let event = try #require(trace.range(of: "mm_page_alloc: page="))
    let line = trace.lineRange(for: event)
    trace.removeSubrange(line)
    let folder = try write(snapshots, trace)
    defer { try? FileManager.default.removeItem(at: folder) }
    let report = try check(folder)
    #expect(report.differenceCount == 0)
    #expect(report.unsupported == ["requests unseen": 1])
  }

  private func expectDifference(
    _ change: (inout String, inout String) throws -> Void
  ) throws {
    var (snapshots, trace) = try texts()
    try change(&snapshots, &trace)
    let folder = try write(snapshots, trace)
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(try check(folder).differenceCount > 0)
  }

  @Test("damage anywhere in a folder is told or replayed, and never a crash")
  func damage() throws {
    let (snapshots, trace) = try texts()
    let start = Array(trace.utf8.prefix(200_000))
    try withSeed { generator in
      for _ in 0..<40 {
        var damaged = Array(snapshots.utf8)
        var damagedTrace = start
        harm(&damaged, &generator)
        harm(&damagedTrace, &generator)
        let folder = try write(
          String(decoding: damaged, as: UTF8.self), String(decoding: damagedTrace, as: UTF8.self))
        _ = try? check(folder)
        try FileManager.default.removeItem(at: folder)
      }
    }
  }

  /// Changes digits to others: what still reads as a number does the most harm.
  private func harm(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
    for _ in 0..<Int.random(in: 0...6, using: &generator) {
      let place = Int.random(in: 0..<bytes.count, using: &generator)
      guard let digit = bytes[place...].firstIndex(where: { $0 >= 0x30 && $0 <= 0x39 }) else {
        continue
      }
      bytes[digit] = 0x30 + UInt8(Int.random(in: 0...9, using: &generator))
    }
  }

  /// The texts of the fixture.
  private func texts() throws -> (snapshots: String, trace: String) {
    func text(_ name: String) throws -> String {
      let process = Process()
      process.executableURL = URL(filePath: "/bin/gzip")
      process.arguments = ["-dc", Self.fixture.appending(path: name).path(percentEncoded: false)]
      let pipe = Pipe()
      process.standardOutput = pipe
      try process.run()
      let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      return String(decoding: data, as: UTF8.self)
    }
    return try (text("buddy.snaps.txt.gz"), text("buddy.trace.txt.gz"))
  }

  private func write(_ snapshots: String, _ trace: String) throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "octavo-check-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(snapshots.utf8).write(to: folder.appending(path: "buddy.snaps.txt"))
    try Data(trace.utf8).write(to: folder.appending(path: "buddy.trace.txt"))
    let run = Self.fixture.appending(path: "run.json")
    try FileManager.default.copyItem(at: run, to: folder.appending(path: "run.json"))
    return folder
  }
}
