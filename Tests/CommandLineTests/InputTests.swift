import Foundation
import Testing

@Suite("Inputs of every kind and of none")
struct InputTests {
  /// Shell lines that make `$F`, and what the one line on standard error must hold.
  static let hostile: [(make: String, message: String)] = [
    (": >$F", "an empty file"),
    ("ln -s /dev/null $F", "an empty file"),
    ("ln -s /dev/zero $F", "a longer one"),
    ("mkdir $F", "expected a folder with maps.log or strace.log"),
    ("mkdir -p $F; : >$F/maps.log", "maps.log: expected a recording, found an empty file"),
    ("mkdir -p $F/maps.log", "Is a directory"),
    ("head -c 2000 $STRACE >$F", "expected whole gzip members, found its end"),
    ("head -c 2000 $ORACLE >$F", "expected whole gzip members, found its end"),
    ("head -c 10 $STRACE >$F", "expected whole gzip members, found its end"),
    ("head -c 1 $STRACE >$F", "expected a call of strace, found \"\\x1f\""),
    ("{ head -c 1500 $STRACE; head -c 500 /dev/zero; } >$F", "expected "),
    ("{ cat $STRACE; echo more; } >$F", "found damaged data"),
    // Reading it fails at once, for root too.
    ("ln -s /proc/self/mem $F", "Input/output error"),
    ("ln -s $F $F", "Too many levels of symbolic links"),
    ("head -c 10000000 /dev/zero | tr '\\0' x >$F", "a longer one"),
    ("head -c 10000000 /dev/zero | tr '\\0' x | gzip >$F", "a longer one"),
    ("printf OCTAVO | gzip >$F", "expected a recording that begins with \"OCTAVO\""),
  ]

  @Test(
    "what cannot be read exits 65 with one line that names the file",
    arguments: hostile.indices)
  func oneLine(index: Int) throws {
    let (make, message) = Self.hostile[index]
    try withTemporaryFolder { folder in
      let file = "\(folder)/input"
      let end = try CommandLine.shell(
        "F='\(file)'; STRACE='\(Fixture.straceText)'; ORACLE='\(Fixture.basicLog)'; \(make)\n"
          + #"exec "$OCTAVO" replay --check "$F""#)
      #expect(end.status == 65, "\(make)")
      #expect(end.output.isEmpty)
      #expect(end.errors.hasPrefix("octavo: \(file)"), "\(end.errors)")
      #expect(end.errors.contains(message), "\(end.errors)")
      #expect(end.errors.count { $0 == "\n" } == 1)
      #expect(end.errors.utf8.count < file.utf8.count + 200)
    }
  }

  @Test("a closed standard input and a folder as standard input exit 65 with one line")
  func brokenStandardInput() throws {
    for (redirection, reason) in [("<&-", "Bad file descriptor"), ("</", "Is a directory")] {
      let end = try CommandLine.shell(#"exec "$OCTAVO" replay - "# + redirection)
      #expect(end.status == 65)
      #expect(
        end.errors
          == "octavo: standard input: expected a file that can be read, found \"\(reason)\"\n")
    }
  }

  @Test("an oracle log, a strace text and a compact recording read the same from every source")
  func sources() throws {
    try withTemporaryFolder { folder in
      let compact = "\(folder)/life.octavo"
      let record = try CommandLine.run("record", "-o", compact, "--", "/bin/true")
      try #require(record.status != 69, "recording is not possible here: \(record.errors)")
      for file in [Fixture.basicLog, Fixture.straceText, compact] {
        let end = try CommandLine.shell(
          """
          set -e; F='\(file)'; plain() { gzip -dcf "$F"; }
          replay() { "$OCTAVO" replay --check "$1"; }
          replay "$F"
          replay - <"$F"
          plain | replay -
          plain | gzip | replay -
          plain >'\(folder)/plain'; replay - <'\(folder)/plain'
          gzip <'\(folder)/plain' >'\(folder)/packed'; replay '\(folder)/packed'
          """)
        #expect(end.status == 0, "\(end.errors)")
        let lines = end.output.split(separator: "\n")
        #expect(lines.count == 6)
        #expect(Set(lines).count == 1, "\(lines)")
        #expect(lines.first?.hasPrefix("0 records") == false)
      }
    }
  }

  @Test("a compact recording that was cut is reported as far as it goes and exits 65")
  func cutRecording() throws {
    try withTemporaryFolder { folder in
      let file = "\(folder)/life.octavo"
      let record = try CommandLine.run("record", "-o", file, "--", "/bin/true")
      try #require(record.status != 69, "recording is not possible here: \(record.errors)")
      for compress in ["cat", "gzip"] {
        let end = try CommandLine.shell(
          "set -e; \(compress) <'\(file)' >'\(folder)/whole'; cd '\(folder)'\n"
            + #"head -c -100 whole >cut; exec "$OCTAVO" replay cut"#)
        #expect(end.status == 65)
        #expect(end.errors.hasPrefix("octavo: the recording ends early: cut: expected "))
        #expect(end.errors.count { $0 == "\n" } == 1)
        #expect(end.output.contains("missing    the recording ends early"))
      }
    }
  }
}

@Suite("Progress of a replay")
struct ProgressTests {
  private let makeText = "yes '5 munmap(0x10000000, 4096) = 0' | head -n 6000 >text"

  @Test("on a terminal a bar is drawn on standard error and wiped before the report")
  func terminal() throws {
    try withTemporaryFolder { folder in
      let end = try CommandLine.shell(
        "cd '\(folder)'; \(makeText)\n"
          + #"script -qec '"$OCTAVO" replay --check text' /dev/null"#)
      #expect(end.status == 0)
      let drawn = end.output.components(separatedBy: "\r\u{1b}[K")
      #expect(drawn.count == 2)
      #expect(drawn.first?.contains("\rreplaying [") == true)
      #expect(drawn.last?.hasPrefix("6000 records, ") == true)
    }
  }

  @Test("in a pipe, and from a source without a known end, nothing is drawn")
  func pipe() throws {
    try withTemporaryFolder { folder in
      let end = try CommandLine.shell(
        "cd '\(folder)'; \(makeText)\n"
          + #""$OCTAVO" replay --check text; script -qec 'cat text | "$OCTAVO" replay --check -' /dev/null"#
      )
      #expect(end.errors.isEmpty)
      #expect(!end.output.contains("\u{1b}"))
      #expect(end.output.components(separatedBy: "6000 records, ").count == 3)
    }
  }
}
