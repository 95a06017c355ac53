import Foundation

extension Benchmark {
  /// What recording adds to a program of ordinary work with about 50,000 page faults.
  static var recording: Benchmark {
    recording(of: "faults.py", name: "recording", target: "at most 1.5")
  }

  /// The worst case: a program that does nothing but fault.
  static var recordingTouch: Benchmark {
    recording(of: "touch.py", name: "recording-touch", target: "none: the worst case")
  }

  private static func recording(of program: String, name: String, target: String) -> Benchmark {
    Benchmark(
      name: name, question: "octavo record of python3 \(program) against its plain run",
      target: target
    ) { pairs in
      let recording = FileManager.default.temporaryDirectory.appending(
        path: "octavo-benchmark-\(ProcessInfo.processInfo.processIdentifier).octavo")
      defer { try? FileManager.default.removeItem(at: recording) }
      let plain = ["/usr/bin/env", "python3", Checkout.program(program)]
      let recorded =
        [Checkout.octavo, "record", "-o", recording.path(percentEncoded: false), "--"] + plain
      guard (try? Checkout.run(recorded)) == 0 else {
        return .skipped(because: "octavo record does not work here")
      }
      let runs = try PairedRuns.measure(
        pairs: pairs, Contender(name: "recorded") { _ = try Checkout.run(recorded) },
        against: Contender(name: "plain") { _ = try Checkout.run(plain) })
      return .ratio(runs, rival: "plain", units: 1, of: .runs)
    }
  }
}
