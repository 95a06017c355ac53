import Foundation
import Testing

@Suite("octavo layout")
struct LayoutCommandTests {
  @Test("options keep the layouts that match")
  func optionsFilter() throws {
    let all = try CommandLine.run("layout")
    let one = try CommandLine.run(
      "layout", "--arch", "aarch64", "--page-size", "64k", "--va-bits", "42")
    #expect(all.output.components(separatedBy: "stack limit 8M").count - 1 == 14)
    #expect(one.output.hasPrefix("arm64, 42-bit addresses, 64K pages, stack limit 8M\n"))
    #expect(one.output.components(separatedBy: "stack limit 8M").count - 1 == 1)
  }

  @Test("no line ends in a blank, and every line ends")
  func linesAreClean() throws {
    let output = try CommandLine.run("layout").output
    #expect(!output.contains(" \n"))
    #expect(output.hasSuffix("\n"))
  }

  @Test("--json writes one document of format octavo-layout to standard output and nothing else")
  func jsonParses() throws {
    let end = try CommandLine.run("layout", "--arch", "x86_64", "--json")
    let document = try #require(try Self.object(Data(end.output.utf8)))
    #expect(document["format"] as? String == "octavo-layout")
    #expect(document["version"] as? Int == 1)
    let layouts = try #require(document["content"] as? [[String: Any]])
    let places = try #require(layouts.first?["places"] as? [[String: Any]])
    let mmapTop = places.first { $0["name"] as? String == "mmap top" }
    #expect(mmapTop?["address"] as? String == "0x7ffff7fff000")
    #expect(layouts.map { $0["virtualAddressBits"] as? Int } == [47, 56])
  }

  @Test("--json F writes the file and keeps the text")
  func jsonFile() throws {
    let folder = try CommandLine.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "layout.json")
    let end = try CommandLine.run(
      "layout", "--arch", "i386", "--json", file.path(percentEncoded: false))
    #expect(end.status == 0)
    #expect(end.output.hasPrefix("i386"))
    #expect(try Self.object(Data(contentsOf: file)) != nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path()).count == 1)
  }

  @Test("a document that cannot be written exits 69 and names the file and the reason")
  func unwritableFile() throws {
    let end = try CommandLine.run("layout", "--json", "/nonexistent/layout.json")
    #expect(end.status == 69)
    #expect(
      end.errors == "octavo: cannot write /nonexistent/layout.json: No such file or directory\n")
  }

  @Test("--json refuses a name that is not a .json file, so that a recording is not overwritten")
  func jsonRefusesOtherNames() throws {
    #expect(try CommandLine.run("replay", "a.strace", "--json", "b.strace").status == 64)
  }

  private static func object(_ data: Data) throws -> [String: Any]? {
    try JSONSerialization.jsonObject(with: data) as? [String: Any]
  }
}
