import Foundation
import Testing

@Suite("The documented schema of --json")
struct JSONSchemaTests {
  /// Objects whose keys are data: names of calls and kinds of records.
  private static let named: Set<String> = [
    "calls", "unsupported", "ignored", "adopted", "orders", "kinds", "unbuilt",
  ]

  @Test("every key of layout --json stands in the article")
  func layout() throws {
    let end = try CommandLine.run("layout", "--json")
    try expectDocumented(Data(end.output.utf8), format: "octavo-layout")
  }

  @Test("every key of replay --json stands in the article, for every kind of recording")
  func replay() throws {
    try withTemporaryFolder { folder in
      let log = "\(folder)/changed.log"
      // A changed answer, so that there is a difference to be told.
      let end = try CommandLine.shell(
        "gzip -dc '\(Fixture.basicLog)' | sed 's/^\\(1 munmap.*\\) = 0$/\\1 = -EINVAL/' >'\(log)'"
          + "; \"$OCTAVO\" replay '\(log)' '\(Fixture.path("recordings/sqlite"))'"
          + " '\(Fixture.path("recordings/sqlite/strace.log.gz"))' --json")
      let reports = try expectDocumented(Data(end.output.utf8), format: "octavo-replay")
      // A folder's texts are two recordings.
      #expect(reports.count == 4)
      #expect((reports.first?["differences"] as? [Any])?.isEmpty == false)
    }
  }

  @Test("every key of replay --json of a boot stands in the article")
  func boot() throws {
    try withBoot("arm64-4k-va39/512M") { folder in
      let end = try CommandLine.run("replay", folder, "--json")
      let reports = try expectDocumented(Data(end.output.utf8), format: "octavo-boot")
      #expect((reports.first?["records"] as? [Any])?.isEmpty == false)
    }
  }

  @Test(
    "every key of replay --json of an allocator's folder and of its trace stands in the article")
  func allocator() throws {
    let folder = Fixture.path("physical/buddy-64k-512M-s1")
    let check = try CommandLine.run("replay", folder, "--json")
    let reports = try expectDocumented(
      Data(check.output.utf8), format: "octavo-allocator-check")
    #expect((reports.first?["segments"] as? [Any])?.isEmpty == false)
    let trace = try CommandLine.run("replay", folder + "/buddy.trace.txt.gz", "--json")
    try expectDocumented(Data(trace.output.utf8), format: "octavo-kmem")
  }

  @Test("every key of replay --json of a heap's trace stands in the article")
  func heap() throws {
    let end = try CommandLine.run("replay", Fixture.path("kmem/kmalloc.txt.gz"), "--json")
    let reports = try expectDocumented(Data(end.output.utf8), format: "octavo-kmalloc")
    #expect((reports.first?["designs"] as? [Any])?.isEmpty == false)
  }

  @Test("every key of fuzz --json stands in the article")
  func fuzz() throws {
    let end = try CommandLine.run("fuzz", "--calls", "500", "--seed", "1", "--json")
    guard end.status != 69 else { return print("skipped: \(end.errors)") }
    let reports = try expectDocumented(Data(end.output.utf8), format: "octavo-fuzz")
    #expect(reports.first?["steps"] as? Int == 500)
  }

  @Test("every key of run --json stands in the article")
  func run() throws {
    try withTemporaryFolder { folder in
      let file = "\(folder)/report.json"
      let end = try CommandLine.run("run", "--json", file, "--", "/bin/true")
      try #require(end.status != 69, "recording is not possible here: \(end.errors)")
      try expectDocumented(Data(contentsOf: URL(filePath: file)), format: "octavo-replay")
    }
  }

  /// Compares with the article; gives the document's content.
  @discardableResult
  private func expectDocumented(_ data: Data, format: String) throws -> [[String: Any]] {
    let document = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(document["format"] as? String == format)
    let content = try #require(document["content"] as? [[String: Any]])
    #expect(Set(document.keys) == (try fields(under: "Overview")))
    let undocumented = keys(of: content).subtracting(try fields(under: format))
    #expect(undocumented.isEmpty, "not in JSONOutput.md: \(undocumented.sorted())")
    return content
  }

  private func keys(of value: Any) -> Set<String> {
    if let values = value as? [Any] {
      return values.reduce(into: []) { $0.formUnion(keys(of: $1)) }
    }
    guard let object = value as? [String: Any] else { return [] }
    return object.reduce(into: []) { keys, member in
      keys.insert(member.key)
      if Self.named.contains(member.key), let named = member.value as? [String: Any] {
        keys.formUnion(self.keys(of: Array(named.values)))
      } else {
        keys.formUnion(self.keys(of: member.value))
      }
    }
  }

  /// The first cells of the tables in a section of the article.
  private func fields(under heading: String) throws -> Set<String> {
    let article = try String(
      contentsOfFile: Fixture.checkout("Sources/Report/Report.docc/JSONOutput.md"),
      encoding: .utf8)
    let sections = article.components(separatedBy: "\n## ")
    let section = try #require(sections.first { $0.hasPrefix(heading + "\n") })
    return Set(
      section.split(separator: "\n").compactMap { line in
        guard line.hasPrefix("| `") else { return nil }
        return line.dropFirst(3).split(separator: "`").first.map(String.init)
      })
  }
}
