import Foundation
import Testing

@Suite("octavo replay of access traces")
struct TraceTests {
  static let trace = Fixture.path("recordings/ls/accesses-lackey.txt.gz")

  @Test("several page sizes print side by side, and fewer faults come with larger pages")
  func sideBySide() throws {
    let end = try CommandLine.run(
      "replay", Self.trace, "--machine", "graviton", "--page-size", "4K,16K,64K")
    #expect(end.status == 0, "\(end.errors)")
    let rows = end.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(rows.first?.first == "graviton")
    let accesses = try #require(rows.first { $0.first == "instructions" })
    #expect(Set(accesses.dropFirst()).count == 1)
    let faults = try #require(rows.first { $0.starts(with: ["page", "faults"]) })
    let counts = faults.dropFirst(2).compactMap { Int($0) }
    #expect(counts.count == 3)
    #expect(counts[0] > counts[1] && counts[1] > counts[2] && counts[2] > 0)
  }

  @Test("the compact form of a trace gives the same report as its text")
  func rewritten() throws {
    try withTemporaryFolder { folder in
      let compact = "\(folder)/trace.octavo"
      #expect(try CommandLine.run("record", "-o", compact, "--from", Self.trace).status == 0)
      let text = try CommandLine.run("replay", Self.trace)
      let again = try CommandLine.run("replay", compact)
      #expect(text.status == 0)
      let name = again.output.replacing(compact, with: Self.trace)
      #expect(name == text.output)
    }
  }

  @Test("a damaged trace exits 65 with one line, and rewriting it leaves no file")
  func damaged() throws {
    try withTemporaryFolder { folder in
      let bad = "\(folder)/bad.lackey"
      try Data("I  10,1\nI  zz,1\n".utf8).write(to: URL(filePath: bad))
      for arguments in [["replay", bad], ["record", "-o", "\(folder)/out", "--from", bad]] {
        let end = try CommandLine.octavo(arguments)
        #expect(end.status == 65)
        #expect(
          end.errors
            == "octavo: \(bad):2: expected I, L, S or M, an address and a size, found \"I  zz,1\"\n"
        )
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["bad.lackey"])
    }
  }

  @Test("record takes a program or --from, run one page size, standard input is read once")
  func usage() throws {
    for arguments in [
      ["record", "-o", "x"], ["record", "-o", "x", "--from", "y", "--", "true"],
      ["run", "--page-size", "4K,16K", "--", "true"], ["replay", "-", "--page-size", "4K,16K"],
      ["replay", "x", "--page-size", "4K,,16K"],
    ] {
      #expect(try CommandLine.octavo(arguments).status == 64, "\(arguments)")
    }
  }
}
