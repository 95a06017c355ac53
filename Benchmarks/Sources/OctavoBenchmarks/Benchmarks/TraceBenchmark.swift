import Foundation
import Recordings
import Simulation

extension Benchmark {
  /// Text in, table of TLB behaviour out: what `octavo replay` does with a trace of lackey.
  static var lackey: Benchmark {
    Benchmark(
      name: "lackey", question: "read lackey's text and replay its accesses, faults on the way",
      target: "at least 10 M events/s"
    ) { pairs in
      let trace = try AccessTrace()
      return try measure(trace.text, trace, pairs)
    }
  }

  /// The same accesses in the compact form.
  static var traces: Benchmark {
    Benchmark(
      name: "traces", question: "read compact accesses and replay them: two TLB levels, walks",
      target: "at least 50 M events/s"
    ) { pairs in
      let trace = try AccessTrace()
      return try measure(try trace.compact(), trace, pairs)
    }
  }

  private static func measure(
    _ path: String, _ trace: AccessTrace, _ pairs: Int
  ) throws -> Outcome {
    var seconds: [Double] = []
    for _ in 0..<pairs {
      // Booting the machine is not replaying: the clock runs inside.
      let report = try Replayer(
        RecordingOpener.open(path), source: path, on: .standard
      ).run()
      guard report.traced.total == trace.accessCount else {
        throw TraceFailure(description: "\(report.traced.total) of \(trace.accessCount) accesses")
      }
      seconds.append(report.seconds)
    }
    return .rate(seconds: seconds, units: Double(trace.accessCount), of: .events)
  }
}

/// A trace of a real program as a temporary file of plain text.
///
/// The one named by OCTAVO_TRACE, packed or not; else the start of `ls` that stands with the tests,
/// whose accesses, without its system calls, come again until there are enough to measure.
private final class AccessTrace {
  /// The trace's file.
  let text: String
  let accessCount: Int
  private let folder: URL

  private static let enough = 4_000_000

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(
      path:
        "octavo-trace-\(ProcessInfo.processInfo.processIdentifier)-\(UInt32.random(in: 0 ... .max))"
    )
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let source =
      ProcessInfo.processInfo.environment["OCTAVO_TRACE"]
      ?? Checkout.path("Tests/Fixtures/recordings/ls/accesses-lackey.txt.gz")
    let lines = try Checkout.output(of: ["/bin/gzip", "-dcf", source])
    let accesses = lines.split(separator: 10).filter { !$0.starts(with: "==".utf8) }
    guard !accesses.isEmpty else { throw TraceFailure(description: "\(source): no accesses") }
    var whole = lines
    var count = accesses.count
    if count < Self.enough {
      let again = Data(accesses.joined(separator: [10])) + [10]
      while count < Self.enough {
        whole.append(again)
        count += accesses.count
      }
    }
    let file = folder.appending(path: "trace.lackey")
    try whole.write(to: file)
    text = file.path(percentEncoded: false)
    accessCount = count
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// The file of the same in the compact form.
  func compact() throws -> String {
    let path = folder.appending(path: "trace.octavo").path(percentEncoded: false)
    let writer = try CompactWriter(path: path)
    try writer.copy(try RecordingOpener.open(text))
    return path
  }
}

private struct TraceFailure: Error, CustomStringConvertible {
  var description: String
}
