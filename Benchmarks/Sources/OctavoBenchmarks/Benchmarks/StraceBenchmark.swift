import Foundation
import Recordings

extension Benchmark {
  /// The reader of strace text on 100 MB, against counting the lines of the same file.
  static var strace: Benchmark {
    Benchmark(
      name: "strace", question: "parse 100 MB of strace -f -ttt -y text; rival: wc -l",
      target: "at least 100 MB/s"
    ) { pairs in
      let file = FileManager.default.temporaryDirectory.appending(
        path: "octavo-strace-\(ProcessInfo.processInfo.processIdentifier).log"
      ).path(percentEncoded: false)
      defer { try? FileManager.default.removeItem(atPath: file) }
      let text = try repeatedLog(bytes: 100_000_000)
      try text.write(to: URL(filePath: file))
      let runs = try PairedRuns.measure(
        pairs: pairs, Contender(name: "reader") { try readAll(file) },
        against: Contender(name: "wc") { _ = try Checkout.run(["/usr/bin/wc", "-l", file]) })
      return .ratio(runs, rival: "wc -l", units: Double(text.count), of: .bytes)
    }
  }

  private static func readAll(_ file: String) throws {
    let reader = try RecordingOpener.open(file, format: .strace)
    while try reader.next() != nil {}
  }

  /// The strace text of a recorded python3, again and again.
  private static func repeatedLog(bytes: Int) throws -> Data {
    let log = try Checkout.output(of: [
      "/usr/bin/gzip", "-dc", Checkout.path("Tests/Fixtures/recordings/python/strace.log.gz"),
    ])
    var text = Data(capacity: bytes + log.count)
    while text.count < bytes { text.append(log) }
    return text
  }
}
