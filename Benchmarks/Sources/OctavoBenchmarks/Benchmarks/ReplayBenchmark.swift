import Foundation
import Recordings
import Simulation

extension Benchmark {
  /// Events of a real program's compact recording, read and replayed with every check.
  static var replay: Benchmark {
    Benchmark(
      name: "replay", question: "read and replay the recording of python3 faults.py",
      target: "at least 1 M events/s"
    ) { pairs in
      let recording = FileManager.default.temporaryDirectory.appending(
        path: "octavo-replay-\(ProcessInfo.processInfo.processIdentifier).octavo"
      ).path(percentEncoded: false)
      defer { try? FileManager.default.removeItem(atPath: recording) }
      let record = [
        Checkout.octavo, "record", "-o", recording, "--", "/usr/bin/env", "python3",
        Checkout.program("faults.py"),
      ]
      guard (try? Checkout.run(record)) == 0 else {
        return .skipped(because: "octavo record does not work here")
      }
      var events = 0
      var seconds: [Double] = []
      for _ in 0..<pairs {
        // Booting the machine is not replaying: the clock runs inside.
        let report = try replay(recording)
        events = report.records
        seconds.append(report.seconds)
      }
      return .rate(seconds: seconds, units: Double(events), of: .events)
    }
  }

  private static func replay(_ recording: String) throws -> ReplayReport {
    let reader = try RecordingOpener.open(recording)
    var configuration = MachineConfiguration.standard
    configuration.adopt(reader.header)
    return try Replayer(reader, source: recording, on: configuration).run()
  }
}
