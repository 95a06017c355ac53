import Foundation
import MemoryTypes
import Recordings
import Simulation
import Testing

/// Logs of advice, locks and accesses, of real kernels.
@Suite("Replay of advice, locked memory and accesses")
struct AdviceLogTests {
  @Test(
    "a log of advice and locks replays with 0 differences, nothing left out",
    arguments: [
      "x86_64-6.18/advice-17", "x86_64-6.18/advice-18", "x86_64-6.18/advice-19",
      "i686-6.18/advice-18", "x86_64-6.18/access-5", "arm64-64k-6.12/access-6",
    ])
  func log(name: String) throws {
    let report = try replay(name)
    #expect(report.differences == [])
    #expect(report.unsupported.isEmpty)
    #expect(report.checked.flags > 0)
    #expect(report.checked.sizes > 0)
    #expect(report.residency.mincore.compared > 0)
    #expect(report.residency.pagemap.compared > 0)
    #expect(report.residency.faults.compared > 0)
    #expect(report.after.freePages == report.before.freePages)
  }

  @Test("the hard limit of locked memory shows in the calls it refuses, and only there")
  func hardLimit() throws {
    let kind = "hard limit of locked memory"
    #expect(try replay("x86_64-6.18/advice-18").adopted[kind] == 1)
    #expect(try replay("i686-6.18/advice-18").adopted[kind] == 1)
    #expect(try replay("x86_64-6.18/advice-17").adopted[kind] == nil)
    #expect(try replay("arm64-64k-6.12/access-6").adopted[kind] == nil)
  }

  @Test("a fault more than recorded is a difference of residency, not one of the check")
  func residencyApart() throws {
    let path = Self.path("x86_64-6.18/access-5")
    let original = try replay("x86_64-6.18/access-5")
    let report = try replay(AlteredReader(OracleReader(path: path)), path)
    #expect(report.differences == [])
    #expect(report.residency.faults.differences == original.residency.faults.differences + 1)
    #expect(report.residency.examples.contains { $0.recorded.contains("+1000") })
  }

  private static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/oracle/\(name).log.gz").path
  }

  private func replay(_ name: String) throws -> ReplayReport {
    let path = Self.path(name)
    return try replay(OracleReader(path: path), path)
  }

  private func replay(_ reader: any RecordingReader, _ path: String) throws -> ReplayReport {
    var configuration = MachineConfiguration.standard
    configuration.ram = ByteCount(256 << 20)
    configuration.adopt(reader.header)
    return try Replayer(reader, source: path, on: configuration).run()
  }
}

/// Passes events on, but for the first count of no fault at all, which becomes one of a thousand.
private final class AlteredReader: RecordingReader {
  private let reader: any RecordingReader
  private var hasAltered = false

  init(_ reader: any RecordingReader) { self.reader = reader }

  var header: RecordingHeader { reader.header }
  var files: [RecordedFile] { reader.files }
  var ignored: [String: Int] { reader.ignored }

  func next() throws(BadInput) -> RecordedEvent? {
    guard var event = try reader.next() else { return nil }
    if !hasAltered, case .probe(.faults(0, 0)) = event.body {
      event.body = .probe(.faults(minor: 1000, major: 0))
      hasAltered = true
    }
    return event
  }
}
