import Foundation
import MemoryTypes
import Recordings
import Testing

@Suite("The compact form")
struct CompactTests {
  static let files = [
    RecordedFile(path: "/lib/l\u{e4}nge.so", size: 70000, fileSystem: .ext4),
    RecordedFile(path: "", size: nil, fileSystem: .unknown),
  ]

  static let maps = [
    MapLine(start: 0x1000, end: 0x3000, permissions: [.read, .execute], offset: 0, path: "/a b"),
    MapLine(start: 0x3000, end: 0x4000, permissions: [.write], offset: 0x2000, path: "/a b"),
    MapLine(
      start: 0xffff_ffff_ff60_0000, end: 0xffff_ffff_ff60_1000, permissions: [.shared],
      offset: 0, path: ""),
  ]

  /// One event of every kind, with extreme numbers.
  static let bodies: [RecordedEvent.Body] = [
    .exec(
      ExecImage(
        path: "/a b", mappings: maps, files: [FileID(0), FileID(1), nil],
        programBreak: 0x5000, origin: .recorded)),
    .exec(ExecImage(path: "", mappings: [], files: [], programBreak: nil, origin: .unknown)),
    .call(
      RecordedCall(
        .mmap, .init(0, 0x2000, 3, 0x22, UInt64.max, 0), result: 0x7fff_f7fc_0000)),
    .call(
      RecordedCall(
        .mmap, .init(UInt64.max, 1, 2, 3, 4, 1 << 63), file: FileID(1), fileAccess: .readWrite,
        result: -22)),
    .call(RecordedCall(.setrlimit, .init(), result: Int64.min)),
    .fork(child: Int32.max, sharesMemory: true), .fork(child: 7, sharesMemory: false),
    .exit(status: -1), .exit(status: 0x8b),
    .fault(address: 0x7fff_f7fc_0123, access: .write), .fault(address: 0, access: .execute),
    .fault(address: UInt64.max, access: .read),
    .mapsChange(removed: maps, added: []), .maps(maps),
    .fileSize(file: FileID(0), bytes: UInt64.max),
    .probe(.access(.write, address: 1, value: 0xff, outcome: .segvKernel)),
    .probe(.access(.read, address: 1, value: nil, outcome: .done)),
    .probe(.faults(minor: 3, major: UInt64.max)),
    .probe(.mincore(address: 1, length: 2, bits: [true, false], error: nil)),
    .probe(.mincore(address: 1, length: 2, bits: [], error: .ENOMEM)),
    .probe(.pagemap(address: 1, length: 2, states: [.absent, .swapped])),
    .probe(.vmFlags(address: 9, flags: ["rd", "wr"])),
    .probe(.status(["VmRSS": 1, "VmSize": UInt64.max])),
  ]

  static func events() -> [RecordedEvent] {
    bodies.enumerated().map { index, body in
      RecordedEvent(
        position: index + 1, time: index % 5 == 4 ? 0 : UInt64(index) << 60,
        task: Int32(index % 3) - 1, body)
    }
  }

  static func header() -> RecordingHeader {
    var header = RecordingHeader(source: .compact)
    header.kernel = "6.18"
    header.architecture = "x86_64"
    header.pageSize = 4096
    header.overcommit = -1
    header.hasRandomLayout = false
    header.stackLimit = UInt64.max
    header.initialMaps = maps
    header.initialPages = [.init(address: 0x1000, states: [.present, .absent])]
    return header
  }

  static func write(_ events: [RecordedEvent], to path: String) throws {
    let writer = try CompactWriter(path: path)
    try writer.begin(header())
    try writer.addFiles(from: files)
    for event in events { try writer.append(event) }
    try writer.finish()
  }

  static func read(_ path: String) throws -> (events: [RecordedEvent], truncation: BadInput?) {
    let reader = try CompactReader(path: path)
    var events: [RecordedEvent] = []
    while let event = try reader.next() { events.append(event) }
    return (events, reader.truncation)
  }

  @Test("every kind of event, the header and the files come back as they were written")
  func roundTrip() throws {
    let path = compactPath()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try CompactTests.write(CompactTests.events(), to: path)
    let (events, truncation) = try CompactTests.read(path)
    #expect(events == CompactTests.events())
    #expect(truncation == nil)
    let reader = try CompactReader(path: path)
    #expect(reader.header == CompactTests.header())
    _ = try reader.next()
    #expect(reader.files == CompactTests.files)
  }

  @Test("a file cut at any byte gives a prefix of the events and says so, or a bad header")
  func truncation() throws {
    let whole = try CompactTests.bytes()
    let path = compactPath()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let expected = CompactTests.events()
    for length in 0..<whole.count {
      try Data(whole[..<length]).write(to: URL(fileURLWithPath: path))
      guard let (events, truncation) = try? CompactTests.read(path) else { continue }
      #expect(truncation != nil)
      #expect(events == Array(expected.prefix(events.count)))
    }
  }

  @Test("a flipped bit at any byte never crashes and never gives a wrong event")
  func damage() throws {
    let whole = try CompactTests.bytes()
    let path = compactPath()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let expected = CompactTests.events()
    for index in 0..<whole.count {
      for bit: UInt8 in [0x01, 0x80] {
        var bytes = whole
        bytes[index] ^= bit
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        guard let (events, truncation) = try? CompactTests.read(path) else { continue }
        #expect(truncation != nil)
        #expect(events == Array(expected.prefix(events.count)))
      }
    }
  }

  @Test("whole chunks before a cut are all read")
  func wholeChunks() throws {
    let path = compactPath()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let many = (0..<100_000).map {
      RecordedEvent(
        position: $0 + 1, time: UInt64($0) * 1000, task: 1,
        .fault(address: UInt64($0 * 7919 % 65536) << 12, access: .write))
    }
    try CompactTests.write(many, to: path)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    try bytes[..<(bytes.count * 3 / 4)].write(to: URL(fileURLWithPath: path))
    let (events, truncation) = try CompactTests.read(path)
    #expect(truncation != nil)
    #expect(events.count > 50_000 && events.count < 90_000)
    #expect(events == Array(many.prefix(events.count)))
  }

  @Test("a recording compressed with gzip is read as it is")
  func compressed() throws {
    let path = compactPath()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try CompactTests.write(CompactTests.events(), to: path)
    let gzip = Process()
    gzip.executableURL = URL(fileURLWithPath: "/usr/bin/gzip")
    gzip.arguments = ["-S", ".gz", path]
    try gzip.run()
    gzip.waitUntilExit()
    defer { try? FileManager.default.removeItem(atPath: path + ".gz") }
    #expect(try CompactTests.read(path + ".gz").events == CompactTests.events())
  }

  @Test("what is no recording is told in one line")
  func garbage() throws {
    let path = compactPath()
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(throws: BadInput.self) { try CompactReader(path: path) }
    for text in ["", "OCT", "OCTAVO\u{2}\u{0}", String(repeating: "x", count: 100_000)] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: BadInput.self) { try CompactReader(path: path) }
      #expect(error?.description.contains("\n") == false)
      #expect(error?.description.hasPrefix(path) == true)
    }
  }

  @Test("a writer that is not finished leaves no file, and the name appears only with the end")
  func unfinished() throws {
    let path = compactPath()
    let directory = (path as NSString).deletingLastPathComponent
    let name = (path as NSString).lastPathComponent
    do {
      let writer = try CompactWriter(path: path)
      try writer.begin(CompactTests.header())
      #expect(!FileManager.default.fileExists(atPath: path))
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: directory)
    #expect(!left.contains { $0.hasPrefix(name) })
  }

  @Test("a full disk is an error that names the file and the reason")
  func fullDisk() throws {
    let error = #expect(throws: RecordingWriteError.self) {
      try CompactTests.write(CompactTests.events(), to: "/dev/full")
    }
    #expect(error?.description == "cannot write /dev/full: No space left on device")
  }

  private static func bytes() throws -> Data {
    let path = compactPath()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try write(events(), to: path)
    return try Data(contentsOf: URL(fileURLWithPath: path))
  }
}

private func compactPath() -> String {
  FileManager.default.temporaryDirectory
    .appendingPathComponent("octavo-\(UUID().uuidString).octavo").path
}
