import Foundation
import Testing

@Suite("octavo shell and explain")
struct ShellTests {
  @Test("commands of a line run in order, on one machine")
  func commandsRunInOrder() throws {
    let end = try CommandLine.run("shell", "-c", "mmap 8K; touch _ 8K; munmap _+4K 4K; maps")
    #expect(end.status == 0)
    #expect(
      end.output.hasPrefix(
        "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7ffff7ffd000\n"
          + "write 0x7ffff7ffd000: ok\nwrite 0x7ffff7ffe000: ok\n"
          + "munmap(0x7ffff7ffe000, 4096) = 0\n"))
    #expect(end.output.contains("\n7ffff7ffd000-7ffff7ffe000 rw-p 00000000"))
  }

  @Test("a refused call prints its errno and changes nothing")
  func refusedCalls() throws {
    let end = try CommandLine.run("shell", "-c", "munmap(0x1001, 4K); mmap 0; touch 0x10")
    #expect(
      end.output == """
        munmap(0x1001, 4096) = -EINVAL
        mmap(NULL, 0, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -EINVAL
        write 0x10: SIGSEGV MAPERR

        """)
    #expect(end.status == 0)
  }

  @Test("a forked child writes to a copy of its own")
  func forkedChild() throws {
    let end = try CommandLine.run(
      "shell", "-c", "mmap 4K; touch _; fork; touch _; status; exit; maps")
    #expect(end.output.contains("task 1, a copy of task 0, is current now\n"))
    #expect(end.output.contains("task 1 is gone; task 0 is current now\n"))
  }

  @Test(
    "texts of /proc and help are there, on every architecture",
    arguments: ["x86-server", "i386", "pi5-16k"])
  func texts(machine: String) throws {
    let end = try CommandLine.run(
      "shell", "--machine", machine, "-c",
      "help; buddyinfo; zoneinfo; slabinfo; pagetypeinfo; meminfo; vmstat; iomem; kpage 0x4000000000; walk stack; vma stack; status"
    )
    #expect(end.status == 0)
    for text in [
      "unmap", "Node 0, zone", "vm_area_struct", "MemTotal:", "\npgfree ", ": System RAM\n",
      "flags 0x100000 count 0\n", "pgd[", "VmStk:", "[stack]",
    ] {
      #expect(end.output.contains(text), "\(text) is missing")
    }
  }

  @Test(
    "a line that cannot be done is told in one line, and the status is 65",
    arguments: [
      ("frobnicate", "no command 'frobnicate'"), ("mmap(NULL, 4K", "a call ends with ')'"),
      ("touch", "an address is missing"), ("touch there", "'there' is no address"),
      ("munmap 0x1000", "expected"), ("mmap 4K rq", "expected"), ("explain", "explain takes"),
      ("task 7", "no task 7"), ("kpage", "a frame number is missing"),
      ("touch 0 1T", "at most 4096 pages"),
    ])
  func badLines(line: String, message: String) throws {
    let end = try CommandLine.run("shell", "-c", line)
    #expect(end.status == 65)
    #expect(end.errors.hasPrefix("octavo: ") && end.errors.contains(message))
    #expect(end.errors.filter { $0 == "\n" }.count == 1)
  }

  @Test("a script runs line by line with comments, and names the line that is bad")
  func scripts() throws {
    try withTemporaryFolder { folder in
      let good = "\(folder)/good"
      try "# a page\nmmap 4K   # here\n\ntouch _\n".write(
        toFile: good, atomically: true, encoding: .utf8)
      let end = try CommandLine.run("shell", good)
      #expect(end.status == 0)
      #expect(end.output.hasSuffix("write 0x7ffff7ffe000: ok\n"))

      let bad = "\(folder)/bad"
      try "mmap 4K\nnonsense\nmaps\n".write(toFile: bad, atomically: true, encoding: .utf8)
      let other = try CommandLine.run("shell", bad)
      #expect(other.status == 65)
      #expect(other.errors.hasPrefix("octavo: \(bad):2: no command 'nonsense'"))
    }
  }

  @Test("lines from a pipe are commands, without a prompt")
  func pipe() throws {
    let end = try CommandLine.shell(#"printf 'mmap 4K\nquit\nmaps\n' | "$OCTAVO" shell"#)
    #expect(end.status == 0)
    #expect(end.output.split(separator: "\n").count == 1)
    #expect(end.errors.isEmpty)
  }

  @Test(
    "on a terminal, tab completes and the arrow brings back the last line",
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script")))
  func lineEditing() throws {
    let keys = #"buddy\t\rmmap 4K\r\033[A\rmpa\010\010aps\rquit\r"#
    let end = try CommandLine.shell(
      "(printf '\(keys)'; sleep 1) | script -qec \"$OCTAVO shell\" /dev/null")
    #expect(end.output.contains("Node 0, zone"))
    #expect(end.output.components(separatedBy: "mmap(NULL, 4096").count == 3)
    #expect(end.output.contains("[stack]"))
  }

  @Test("explain tells what was checked, found, changed and counted, and why nothing merged")
  func explainsCalls() throws {
    let end = try CommandLine.run(
      "explain", "mmap 8K", "touch _", "mprotect _ 4K r", "munmap(0x7ffff7ffd000, 4K)")
    #expect(end.status == 0)
    for line in [
      "  asked     8192 bytes: 2 pages of 4 KiB",
      "            address space 34 + 2 pages of no limit",
      "  changed   new      7ffff7ffd000-7ffff7fff000 rw-p 0",
      "            write is allowed there; a zeroed page is needed",
      "            minor faults 1 -> 2",
      "  merged    not with 7ffff7ffe000-7ffff7fff000 rw-p 0: their flags differ in WRITE",
      "  changed   gone     7ffff7ffd000-7ffff7ffe000 r--p 0",
    ] {
      #expect(end.output.contains(line + "\n"), "\(line) is missing")
    }
  }

  @Test("explain names what a merged mapping joined")
  func explainsMerges() throws {
    let end = try CommandLine.run("explain", "mmap 4K", "mmap 4K")
    #expect(end.output.contains("merged    with 7ffff7ffe000-7ffff7fff000 rw-p 0: alike"))
  }
}
