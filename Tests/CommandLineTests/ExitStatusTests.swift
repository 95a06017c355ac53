import Foundation
import Testing

@Suite("Exit statuses and messages")
struct ExitStatusTests {
  @Test(
    "usage errors exit 64 with a message on standard error",
    arguments: [
      ["bogus"], ["run"], ["record", "--", "true"], ["replay"],
      ["layout", "--page-size", "4Q"], ["layout", "--page-size", "99999999999999999999G"],
      ["layout", "--arch", "vax"], ["layout", "--arch", "i386", "--va-bits", "48"],
      ["replay", "--ram", "-5", "x"], ["replay", "--cpus", "0", "x"],
      ["replay", "--page-size", "8K", "x"],
    ])
  func usageErrorsExit64(arguments: [String]) throws {
    let end = try CommandLine.octavo(arguments)
    #expect(end.status == 64)
    #expect(end.output.isEmpty)
    #expect(end.errors.hasPrefix("Error: "))
  }

  @Test(
    "a command of a later storey says in one line which, and exits 69",
    arguments: ["compare", "heap", "boot"])
  func laterCommandsExit69(command: String) throws {
    let end = try CommandLine.run(command, "--some-option", "argument")
    #expect(end.status == 69)
    #expect(end.output.isEmpty)
    #expect(end.errors.hasPrefix("octavo: \(command) is not built yet: it comes with "))
    #expect(end.errors.filter { $0 == "\n" }.count == 1)
  }

  @Test("--help exits 0 and names every command")
  func helpExits0() throws {
    let end = try CommandLine.run("--help")
    #expect(end.status == 0)
    for command in ["run", "record", "replay", "compare", "heap", "layout", "explain", "fuzz"] {
      #expect(end.output.contains("\n  \(command) "), "\(command) is missing")
    }
  }

  @Test("a reader that closes the pipe changes neither status nor standard error")
  func closedPipeIsNoError() throws {
    let end = try CommandLine.shell(
      #""$OCTAVO" layout | head -n 1 >/dev/null; exit ${PIPESTATUS[0]}"#)
    #expect(end.status == 0)
    #expect(end.errors.isEmpty)
  }

  @Test("a closed standard output does not crash, also where SIGPIPE is ignored")
  func closedOutputDoesNotCrash() throws {
    let end = try CommandLine.shell(
      #"trap '' PIPE; "$OCTAVO" layout | true; a=${PIPESTATUS[0]}; "$OCTAVO" layout >&-; exit $((a + $?))"#
    )
    #expect(end.status == 0)
  }
}
