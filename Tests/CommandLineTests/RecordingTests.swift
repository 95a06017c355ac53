import Foundation
import Testing

@Suite("octavo record, run and replay")
struct RecordingTests {
  @Test("record passes the program's streams and exit status through, and replay reads the result")
  func recordThenReplay() throws {
    let folder = try CommandLine.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "life.octavo").path(percentEncoded: false)
    let end = try CommandLine.run(
      "record", "-o", file, "--", "/bin/sh", "-c", "echo out; echo err >&2; exit 3")
    try #require(end.status != 69, "recording is not possible here: \(end.errors)")
    #expect(end.status == 3)
    #expect(end.output == "out\n")
    #expect(end.errors.contains("err\n"))
    let replay = try CommandLine.run("replay", file, "--check")
    #expect(replay.output.contains(" records, "))
  }

  @Test("a program that does not exist exits 127 and leaves no recording")
  func noProgram() throws {
    let folder = try CommandLine.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "life.octavo").path(percentEncoded: false)
    let end = try CommandLine.run("record", "-o", file, "--", "no-such-program-anywhere")
    #expect(end.status == 127)
    #expect(end.errors == "octavo: no-such-program-anywhere: program not found\n")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path()).isEmpty)
  }

  @Test("run --json writes the report as one document behind the program's own output")
  func runJSON() throws {
    let folder = try CommandLine.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "report.json").path(percentEncoded: false)
    let end = try CommandLine.run("run", "--json", file, "--", "/bin/true")
    try #require(end.status != 69, "recording is not possible here: \(end.errors)")
    let data = try Data(contentsOf: URL(filePath: file))
    let document = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    #expect(document?["format"] as? String == "octavo-replay")
    let report = try #require((document?["content"] as? [[String: Any]])?.first)
    #expect(report["records"] as? Int ?? 0 > 0)
    #expect(end.output.contains("/bin/true on "))
  }

  @Test("a check that finds nothing exits 0 and ends with the summary line")
  func cleanCheck() throws {
    let end = try CommandLine.run("replay", "--check", Fixture.basicLog)
    #expect(end.status == 0)
    #expect(end.output.hasSuffix(" records, 0 differences, 0 not supported\n"))
  }

  @Test("a folder is checked by each of its texts, with a line for each and one for all")
  func checkedFolder() throws {
    let folder = Fixture.path("recordings/ls")
    let end = try CommandLine.run("replay", "--check", folder)
    #expect(end.status == 0)
    #expect(
      end.output == """
        \(folder)/maps.log: 75 records, 0 differences, 0 not supported
        \(folder)/strace.log: 41 records, 0 differences, 0 not supported
        116 records, 0 differences, 0 not supported

        """)
  }

  @Test(
    "the machine is the log's own without any option",
    arguments: ["i686-6.18", "arm64-16k-6.12", "arm64-64k-6.12"])
  func machineOfTheLog(name: String) throws {
    let log = Fixture.path("oracle/\(name)/basic-2.log.gz")
    let end = try CommandLine.run("replay", "--check", log)
    #expect(end.status == 0)
    #expect(end.output.hasSuffix(" records, 0 differences, 0 not supported\n"))
  }

  @Test("a check of a log whose answer was changed exits 1 and shows the line")
  func changedAnswer() throws {
    let folder = try CommandLine.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let log = folder.appending(path: "changed.log").path(percentEncoded: false)
    let end = try CommandLine.shell(
      "gzip -dc '\(Fixture.basicLog)' | sed 's/^\\(1 munmap.*\\) = 0$/\\1 = -EINVAL/' >'\(log)'"
        + #"; "$OCTAVO" replay --check '"# + log + "'")
    #expect(end.status == 1)
    #expect(end.output.contains("munmap"))
    #expect(end.output.contains(" differences, "))
  }

  @Test(
    "an input that is no recording exits 65 with one line",
    arguments: [
      "", "\\x00\\x01\\x02\\xff\\xfe", "OCTAVO", "OCTAVO\\x01\\x00garbage", "no strace\\n",
    ])
  func badInput(content: String) throws {
    let folder = try CommandLine.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "input").path(percentEncoded: false)
    let end = try CommandLine.shell(
      "printf '\(content)' >'\(file)'; exec \"$OCTAVO\" replay '\(file)'")
    #expect(end.status == 65)
    #expect(end.errors.filter { $0 == "\n" }.count == 1)
    #expect(end.errors.hasPrefix("octavo: \(file)"))
  }

  @Test("a line of ten million characters exits 65 with one short line")
  func longLine() throws {
    let end = try CommandLine.shell(
      #"head -c 10000000 /dev/zero | tr '\0' x | "$OCTAVO" replay -; exit ${PIPESTATUS[2]}"#)
    #expect(end.status == 65)
    #expect(end.errors.count < 300)
  }

  @Test("a file that is not there exits 65 and is named")
  func noFile() throws {
    let end = try CommandLine.run("replay", "/nonexistent/life.octavo")
    #expect(end.status == 65)
    #expect(end.errors.contains("/nonexistent/life.octavo"))
  }

  @Test("a machine of too little memory or of no such form is refused in one line")
  func impossibleMachines() throws {
    let wrong: [(options: [String], status: Int32)] = [
      (["--ram", "4K"], 69), (["--ram", "0"], 69), (["--ram", "1E"], 64),
      (["--machine", "nosuch"], 64), (["--page-size", "64K"], 64), (["--va-bits", "39"], 64),
      (["--arch", "i386", "--ram", "8G"], 64), (["--machine", "/nonexistent/m.yaml"], 65),
    ]
    for (options, status) in wrong {
      let end = try CommandLine.octavo(["replay", Fixture.basicLog] + options)
      #expect(end.status == status, "\(options): \(end.errors)")
    }
  }
}
