import MemoryTypes
import Testing

@testable import Recordings

@Suite("strace text")
struct StraceReaderTests {
  private func read(_ text: String) throws -> [RecordedEvent] {
    try events(of: StraceReader(name: "log", text: text + "\n"))
  }

  private func calls(_ text: String) throws -> [RecordedCall] {
    try read(text).compactMap { if case .call(let call) = $0.body { call } else { nil } }
  }

  private static let brk = RecordedEvent.Body.call(
    RecordedCall(.brk, .init(0), result: 0x5555_5557_a000))

  @Test(
    "a line's task and time stand before the call in any of strace's forms",
    arguments: [
      ("brk(NULL) = 0x55555557a000", 0, 0),
      ("5196  brk(NULL) = 0x55555557a000", 5196, 0),
      ("5196  1795407320.793191 brk(NULL)       = 0x55555557a000", 5196, 1_795_407_320_793_191_000),
      ("1795407320.793191 brk(NULL) = 0x55555557a000", 0, 1_795_407_320_793_191_000),
      ("[pid  5196] brk(NULL) = 0x55555557a000", 5196, 0),
      ("[pid 5196] 12:00:01.5 brk(NULL) = 0x55555557a000", 5196, 43_201_500_000_000),
      ("12:00:01 brk(NULL) = 0x55555557a000", 0, 43_201_000_000_000),
      ("5196 12:00:01 brk(NULL) = 0x55555557a000", 5196, 43_201_000_000_000),
      ("     0.000123 brk(NULL) = 0x55555557a000", 0, 123_000),
      ("5196       0.000123 brk(NULL) = 0x55555557a000", 5196, 123_000),
      ("12:00:01 (+     0.000123) brk(NULL) = 0x55555557a000", 0, 43_201_000_000_000),
      ("[  12] [00007ffff7fe1a2b] brk(NULL) = 0x55555557a000", 0, 0),
      ("brk(NULL) = 0x55555557a000 <0.000012>", 0, 0),
    ])
  func prefixes(line: String, task: Int32, time: UInt64) throws {
    let events = try read(line)
    #expect(events == [RecordedEvent(position: 1, time: time, task: task, Self.brk)])
  }

  @Test("relative times add up")
  func relativeTimes() throws {
    let events = try read(
      "     0.000000 brk(NULL) = 0x1000\n     1.500000 brk(NULL) = 0x1000\n"
        + "     0.250000 brk(NULL) = 0x1000")
    #expect(events.map(\.time) == [0, 1_500_000_000, 1_750_000_000])
  }

  @Test("flags may be symbols, numbers, shifts and leftovers with comments")
  func flags() throws {
    let calls = try calls(
      """
      mmap(NULL, 2097152, PROT_READ|PROT_WRITE|0x80 /* PROT_??? */, MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|21<<MAP_HUGE_SHIFT, -1, 0) = 0x7ffff7c00000
      mmap(0x1000, 4096, 0x3, 0x22, 0xffffffff, 0x1000) = 0x1000
      madvise(0x7ffff7c00000, 4096, 0x63 /* MADV_??? */) = -1 EINVAL (Invalid argument)
      mremap(0x7ffff7c00000, 4096, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x10000) = 0x10000
      msync(0x1000, 4096, MS_SYNC|MS_INVALIDATE) = 0
      mlockall(MCL_CURRENT|MCL_FUTURE) = -1 ENOMEM (Cannot allocate memory)
      mincore(0x1000, 8192, [1, 0]) = 0
      mlock2(0x1000, 4096, MLOCK_ONFAULT) = -1 (errno 38)
      munmap(0x1000, 4096) = ? ERESTARTNOINTR (To be restarted)
      shmget(IPC_PRIVATE, 4096, IPC_CREAT|0600) = 32768
      """)
    #expect(
      calls == [
        RecordedCall(
          .mmap, .init(0, 2_097_152, 0x83, 0x5404_0022, .max, 0), result: 0x7fff_f7c0_0000),
        RecordedCall(.mmap, .init(0x1000, 4096, 3, 0x22, .max, 0x1000), result: 0x1000),
        RecordedCall(.madvise, .init(0x7fff_f7c0_0000, 4096, 0x63), result: -22),
        RecordedCall(
          .mremap, .init(0x7fff_f7c0_0000, 4096, 8192, 3, 0x10000), result: 0x10000),
        RecordedCall(.msync, .init(0x1000, 4096, 6), result: 0),
        RecordedCall(.mlockall, .init(3), result: -12),
        RecordedCall(.mincore, .init(0x1000, 8192, 0), result: 0),
        RecordedCall(.mlock2, .init(0x1000, 4096, 1), result: -38),
        RecordedCall(.shmget, .init(0, 4096, 0o1600), result: 32768),
      ])
  }

  @Test("with -y a mapping's file, size and access come from the descriptor's calls")
  func namedDescriptors() throws {
    let reader = StraceReader(
      name: "log",
      text: """
        openat(AT_FDCWD</tmp>, "libz.so.1", O_RDONLY|O_CLOEXEC) = 3</usr/lib/libz.so.1.2>
        newfstatat(3</usr/lib/libz.so.1.2>, "", {st_mode=S_IFREG|0644, st_size=121280, ...}, AT_EMPTY_PATH) = 0
        mmap(NULL, 123280, PROT_READ, MAP_PRIVATE, 3</usr/lib/libz.so.1.2>, 0) = 0x7ffff7dde000
        close(3</usr/lib/libz.so.1.2>) = 0
        openat(AT_FDCWD</tmp>, "a b", O_RDWR|O_CREAT, 0600) = 3</tmp/a b\\303\\244>
        ftruncate(3</tmp/a b\\303\\244>, 8192) = 0
        mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 3</tmp/a b\\303\\244>, 0) = 0x7ffff7ddc000
        ftruncate(3</tmp/a b\\303\\244>, 16384) = 0
        unlink("/tmp/a b") = 0
        fstat(3</tmp/a b\\303\\244>(deleted), {st_mode=S_IFREG|0600, st_size=20000, ...}) = 0
        mmap(NULL, 8192, PROT_READ, MAP_SHARED, 3</tmp/a b\\303\\244>(deleted), 0) = 0x7ffff7dda000
        mmap(NULL, 4096, PROT_READ, MAP_SHARED, 5</dev/dri/card0<char 226:0>>, 0) = 0x7ffff7dd9000
        mmap(NULL, 4096, PROT_READ, MAP_SHARED, 99, 0) = -1 EBADF (Bad file descriptor)

        """)
    let bodies = try events(of: reader).map(\.body)
    #expect(
      reader.files == [
        RecordedFile(path: "/usr/lib/libz.so.1.2", size: 121280, fileSystem: .unknown),
        RecordedFile(path: "/tmp/a bä", size: 8192, fileSystem: .unknown),
        RecordedFile(path: "/dev/dri/card0", size: nil, fileSystem: .device),
      ])
    #expect(
      bodies == [
        .call(
          RecordedCall(
            .mmap, .init(0, 123280, 1, 2, 3, 0), file: FileID(0), fileAccess: .readOnly,
            result: 0x7fff_f7dd_e000)),
        .call(
          RecordedCall(
            .mmap, .init(0, 8192, 3, 1, 3, 0), file: FileID(1), fileAccess: .readWrite,
            result: 0x7fff_f7dd_c000)),
        .call(
          RecordedCall(
            .ftruncate, .init(3, 16384), file: FileID(1), fileAccess: .readWrite, result: 0)),
        .fileSize(file: FileID(1), bytes: 20000),
        .call(
          RecordedCall(
            .mmap, .init(0, 8192, 1, 1, 3, 0), file: FileID(1), fileAccess: .readWrite,
            result: 0x7fff_f7dd_a000)),
        .call(
          RecordedCall(.mmap, .init(0, 4096, 1, 1, 5, 0), file: FileID(2), result: 0x7fff_f7dd_9000)
        ),
        .call(RecordedCall(.mmap, .init(0, 4096, 1, 1, 99, 0), result: -9)),
      ])
    #expect(reader.ignored == ["unlink": 1])
  }

  @Test("without -y the calls on descriptors tell what is open where, through dup, fork and exec")
  func unnamedDescriptors() throws {
    let reader = StraceReader(
      name: "log",
      text: """
        10 openat(AT_FDCWD, "/lib/a", O_RDONLY) = 3
        10 dup2(3, 7) = 7
        10 fcntl(7, F_DUPFD_CLOEXEC, 10) = 10
        10 memfd_create("x", MFD_CLOEXEC) = 4
        10 memfd_create("x", 0) = 5
        10 ftruncate(5, 4096) = 0
        10 fork() = 11
        10 close(7) = 0
        10 open("/lib/b", O_RDWR|O_CLOEXEC) = 7
        11 mmap(NULL, 1, PROT_READ, MAP_SHARED, 7, 0) = 0x1000
        10 mmap(NULL, 2, PROT_READ, MAP_SHARED, 7, 0) = 0x2000
        10 mmap(NULL, 3, PROT_READ, MAP_SHARED, 10, 0) = 0x3000
        10 mmap(NULL, 4, PROT_READ, MAP_SHARED, 4, 0) = 0x4000
        10 mmap(NULL, 5, PROT_READ, MAP_SHARED, 5, 0) = 0x5000
        10 execve("/bin/x", ["x"], 0x7ffe /* 7 vars */) = 0
        10 mmap(NULL, 6, PROT_READ, MAP_SHARED, 3, 0) = 0x6000
        10 mmap(NULL, 7, PROT_READ, MAP_SHARED, 10, 0) = -1 EBADF (Bad file descriptor)
        10 close_range(3, 4294967295, 0) = 0

        """)
    var paths: [UInt64: String] = [:]
    while let event = try reader.next() {
      guard case .call(let call) = event.body, call.name == .mmap, let file = call.file else {
        continue
      }
      paths[call.arguments.a1] = reader.files[Int(file.rawValue)].path
    }
    #expect(
      paths == [
        1: "/lib/a", 2: "/lib/b", 3: "/lib/a", 4: "/memfd:x (deleted)", 5: "/memfd:x (deleted)",
        6: "/lib/a",
      ])
    #expect(reader.files.count == 4)
    #expect(reader.files.map(\.size) == [nil, nil, 0, 4096])
  }

  @Test("an interrupted call is one event, where it was resumed")
  func unfinishedCalls() throws {
    let events = try read(
      """
      5 mmap(NULL, 4096, PROT_READ <unfinished ...>
      6 brk(NULL <unfinished ...>
      5 <... mmap resumed>, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7000
      6 <... brk resumed>) = 0x55555557a000
      6 futex(0x7ffff7d8, FUTEX_WAIT, 1, NULL <unfinished ...>
      6 <... futex resumed>) = ?
      7 <... munmap resumed>) = 0
      """)
    #expect(events.map(\.position) == [3, 4])
    #expect(events.map(\.task) == [5, 6])
    #expect(
      events[0].body
        == .call(RecordedCall(.mmap, .init(0, 4096, 1, 0x22, .max, 0), result: 0x7000)))
    #expect(events[1].body == Self.brk)
  }

  @Test("a child's first line comes after its fork, even when the parent resumes later")
  func earlyChild() throws {
    let bodies = try read(
      """
      5 execve("/bin/sh", ["sh"], 0x7ffe /* 7 vars */) = 0
      5 vfork( <unfinished ...>
      6 execve("/bin/true", ["true"], 0x7ffe /* 7 vars */ <unfinished ...>
      5 <... vfork resumed>) = 6
      6 <... execve resumed>) = 0
      5 clone3({flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD, stack=0x7f00, stack_size=0x1000} => {parent_tid=[7]}, 88) = 7
      5 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f) = 8
      6 --- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL} ---
      6 +++ killed by SIGSEGV (core dumped) +++
      8 exit_group(3) = ?
      8 +++ exited with 3 +++
      """)
    #expect(
      bodies.map(\.task) == [5, 5, 6, 5, 5, 6, 8])
    #expect(
      bodies.map(\.body).filter { if case .exec = $0 { false } else { true } } == [
        .fork(child: 6, sharesMemory: true), .fork(child: 7, sharesMemory: true),
        .fork(child: 8, sharesMemory: false), .exit(status: 0x8b), .exit(status: 0x300),
      ])
  }

  @Test("a thread that executes takes its leader's number")
  func supersededLeader() throws {
    let events = try read(
      """
      5 clone(child_stack=0x7f00, flags=CLONE_VM|CLONE_FILES|CLONE_THREAD) = 6
      6 execve("/bin/true", ["true"], 0x7ffe /* 7 vars */ <unfinished ...>
      5 +++ superseded by execve in pid 6 +++
      5 <... execve resumed>) = 0
      5 brk(NULL) = 0x55555557a000
      """)
    #expect(events.map(\.task) == [5, 6, 5, 5])
    #expect(events[1].body == .exit(status: 0))
    guard case .exec(let image) = events[2].body else {
      Issue.record("no exec")
      return
    }
    #expect(image.path == "/bin/true" && image.origin == .unknown)
  }

  @Test("without numbers the first task keeps its name when strace begins to number")
  func bracketForm() throws {
    let events = try read(
      """
      execve("/bin/sh", ["sh"], 0x7ffe /* 7 vars */) = 0
      clone(child_stack=NULL, flags=SIGCHLDstrace: Process 101 attached
       <unfinished ...>
      [pid   101] brk(NULL) = 0x55555557a000
      [pid   100] <... clone resumed>, child_tidptr=0x7f) = 101
      [pid   100] brk(NULL) = 0x55555557a000
      [pid   101] +++ exited with 0 +++
      brk(NULL) = 0x55555557a000
      +++ exited with 0 +++
      """)
    #expect(events.map(\.task) == [0, 0, 101, 0, 101, 0, 0])
    #expect(events[1].body == .fork(child: 101, sharesMemory: false))
  }

  @Test("limits that a program sets are calls, limits it asks for are counted")
  func limits() throws {
    let reader = StraceReader(
      name: "log",
      text: """
        prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY}) = 0
        prlimit64(0, RLIMIT_AS, {rlim_cur=1024*1024, rlim_max=RLIM64_INFINITY}, NULL) = 0
        setrlimit(RLIMIT_STACK, {rlim_cur=4096, rlim_max=8192}) = 0
        prctl(PR_SET_NAME, "x") = 0
        prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) = 0

        """)
    let bodies = try events(of: reader).map(\.body)
    #expect(
      bodies == [
        .call(RecordedCall(.setrlimit, .init(9, 1 << 20, .max), result: 0)),
        .call(RecordedCall(.setrlimit, .init(3, 4096, 8192), result: 0)),
        .call(RecordedCall(.prctl, .init(41, 1), result: 0)),
      ])
    #expect(reader.ignored == ["prlimit64": 1, "prctl": 1])
  }

  @Test(
    "what is no line of strace is told with its line",
    arguments: [
      ("hello world", "log:1: expected a call of strace, found \"hello world\""),
      ("5 12:61:00 brk(NULL) = 0", "log:1: expected a line of strace"),
      ("brk(NULL)", "log:1: expected ' = RESULT', found \")\""),
      ("brk(NULL) = 0x", "log:1: expected ' = RESULT'"),
      ("brk(NULL) = 0x12345678901234567", "log:1: expected ' = RESULT'"),
      ("mmap(NULL, 4096, PROT_READ", "log:1: expected arguments of mmap and ')'"),
      (
        "mmap(NULL, 4096, PROT_WHAT, 0, 0, 0) = 0",
        "log:1: expected numbers or known flags as argument 3"
      ),
      ("munmap(0x1000) = 0", "log:1: expected numbers or known flags as argument 2 of munmap"),
      (
        "munmap(0x1000, 99999999999999999999) = 0",
        "log:1: expected numbers or known flags as argument 2"
      ),
      ("munmap(0x1000, 4096) = -1 EWHAT (?)", "log:1: expected ' = RESULT'"),
      ("brk(1, 2, 3, 4, 5, 6, 7) = 0", "log:1: expected arguments of brk"),
      ("5 +++ what +++", "log:1: expected 'exited with', 'killed by' or 'superseded by'"),
      ("5 +++ exited with 256 +++", "log:1: expected an exit status"),
      ("99999999999 brk(NULL) = 0", "log:1: expected a line of strace"),
      ("(((((", "log:1: expected a call of strace"),
      ("read(3", "log:1: expected ' = RESULT' at the end"),
      ("fstat(3</tmp/x, {st_size=1}) = 0", "log:1: expected arguments and ' = RESULT'"),
    ])
  func defects(text: String, message: String) {
    let error = #expect(throws: BadInput.self) { try read(text) }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
  }

  @Test(
    "every recording has as many memory calls in its strace text as its truth says",
    arguments: Fixtures.recordings)
  func recordings(folder: String) throws {
    let reader = try FolderReader(folder: folder, stream: .strace)
    var counts: [String: Int] = [:]
    while let event = try reader.next() {
      switch event.body {
      case .call(let call) where call.name != .ftruncate && call.name != .prctl:
        counts[call.name.text, default: 0] += 1
        if call.name == .mmap, call.arguments.a3 & 0x20 == 0, call.result >= 0 {
          #expect(call.file != nil, "line \(event.position)")
        }
      case .exec(let image):
        #expect(image.origin == .recorded, "line \(event.position)")
      default: break
      }
    }
    let truth = try FolderFixture.memoryCalls(folder: folder)
    #expect(counts == truth)
  }
}
