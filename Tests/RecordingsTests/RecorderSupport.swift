#if os(Linux)

  import Foundation
  import Recordings
  import Testing

  /// Compiles a program of Tests/Programs, once for each set of options.
  func compiled(_ name: String, _ options: [String] = []) throws -> String {
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Programs/\(name).c").path
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("octavo-programs-\(getpid())").path
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    let program = "\(directory)/\(name)\(options.joined())"
    if FileManager.default.fileExists(atPath: program) { return program }
    let compiler = Process()
    compiler.executableURL = URL(fileURLWithPath: "/usr/bin/gcc")
    compiler.arguments = ["-O1", "-w", "-pthread"] + options + ["-o", program, source]
    try compiler.run()
    compiler.waitUntilExit()
    try #require(compiler.terminationStatus == 0)
    return program
  }

  /// A path that nothing stands at yet.
  func freshPath(_ suffix: String = ".octavo") -> String {
    FileManager.default.temporaryDirectory
      .appendingPathComponent("octavo-\(UUID().uuidString)\(suffix)").path
  }

  /// A recording, read back.
  struct Recorded {
    var outcome: RecordingOutcome
    var header: RecordingHeader
    var files: [RecordedFile]
    var events: [RecordedEvent]

    var calls: [RecordedCall] {
      events.compactMap { if case .call(let call) = $0.body { call } else { nil } }
    }

    /// The index of the call of this name whose second argument is `length`.
    func index(of name: CallName, length: UInt64) -> Int? {
      events.firstIndex {
        if case .call(let call) = $0.body {
          call.name == name && call.arguments.a1 == length
        } else {
          false
        }
      }
    }

    func index(where matches: (RecordedEvent.Body) -> Bool) -> Int? {
      events.firstIndex { matches($0.body) }
    }
  }

  func record(
    _ program: String, _ arguments: [String] = [], options: RecordingOptions = RecordingOptions()
  ) throws -> Recorded {
    let path = freshPath()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let outcome = try Recorder.record(
      program: program, arguments: arguments, options: options, to: CompactWriter(path: path))
    let reader = try CompactReader(path: path)
    var events: [RecordedEvent] = []
    while let event = try reader.next() { events.append(event) }
    #expect(reader.truncation == nil)
    return Recorded(
      outcome: outcome, header: reader.header, files: reader.files, events: events)
  }

#endif
