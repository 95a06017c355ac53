import MemoryTypes
import Testing

@testable import Recordings

@Suite("Oracle logs")
struct OracleReaderTests {
  @Test(
    "every log parses into as many steps as its header announces", arguments: Fixtures.oracleLogs)
  func wholeLogs(path: String) throws {
    let reader = try OracleReader(path: path)
    let events = try events(of: reader)
    #expect(reader.announcedSteps == reader.stepCount)
    #expect(reader.header.initialMaps.isEmpty == false)
    #expect(reader.header.initialPages.count == 2)
    #expect(reader.files.count == 3)
    let changes = events.count { if case .mapsChange = $0.body { true } else { false } }
    #expect(UInt64(events.count - changes) == reader.stepCount)
  }

  @Test(
    "the changes of each log lead from its initial maps through every step",
    arguments: Fixtures.oracleLogs)
  func changesApply(path: String) throws {
    let reader = try OracleReader(path: path)
    var spaces: [Int32: MapsModel] = [0: MapsModel(reader.header.initialMaps)]
    while let event = try reader.next() {
      switch event.body {
      case .fork(let child, _): spaces[child] = MapsModel(spaces[event.task]?.lines ?? [])
      case .exit: spaces[event.task] = nil
      case .mapsChange(let removed, let added):
        #expect(
          spaces[event.task]?.apply(removed: removed, added: added) == true,
          "line \(event.position)")
      default: break
      }
    }
  }

  static let header = """
    # mmoracle 1
    # kernel 6.18.44 arch x86_64 page 4096 seed 1 calls CALLS profile basic overcommit 1 \
    max_map_count 65530 stack_limit 8388608 thp madvise shmem_thp never
    # task_size 0x7ffffffff000 mmap_min_addr 4096 rlimit_stack 8388608 rlimit_as inf \
    rlimit_data 65536 rlimit_memlock 8388608 mem_total_kb 2048 personality ADDR_NO_RANDOMIZE
    # file A path /tmp/o.A fs ext4 size 1048576 content: byte ; file B path /tmp/o.B fs tmpfs \
    size 131172 content: x ; memfd M size 1048576 content: byte i
    # descriptors A O_RDWR on A, Ar O_RDONLY on A, Aw O_WRONLY on A, B O_RDONLY on B, \
    M O_RDWR on M, Mr O_RDONLY on M
    # brk start 0x401000
    # pagemap 0x400000 [P.S]
    | 00400000-00401000 r-xp 00000000 /tmp/a file
    | 7ffffffde000-7ffffffff000 rw-p 00000000 [stack]

    """

  static func log(_ steps: String) -> String {
    let count = steps.split(separator: "\n").count { $0.drop { $0 == " " }.first?.isNumber == true }
    return header.replacing("CALLS", with: "\(count)") + steps
  }

  private func bodies(_ steps: String) throws -> [RecordedEvent.Body] {
    try events(of: OracleReader(name: "log", text: Self.log(steps))).map(\.body)
  }

  @Test("the header tells the machine, the limits, the files and the pages at the start")
  func headerWords() throws {
    let reader = try OracleReader(name: "log", text: Self.log("1 brk(NULL) = 0x401000\n"))
    let header = reader.header
    #expect(header.architecture == "x86_64" && header.kernel == "6.18.44")
    #expect(header.pageSize == 4096 && header.overcommit == 1 && header.maxMapCount == 65530)
    #expect(header.taskSize == 0x7fff_ffff_f000 && header.mmapMinimumAddress == 4096)
    #expect(header.addressSpaceLimit == nil && header.dataLimit == 65536)
    #expect(header.totalMemory == 2 << 20 && header.hasRandomLayout == false)
    #expect(header.programBreak == 0x401000 && header.initialMaps.count == 2)
    #expect(header.initialMaps[0].path == "/tmp/a file")
    #expect(
      header.initialPages == [.init(address: 0x400000, states: [.present, .absent, .swapped])])
    #expect(
      reader.files == [
        RecordedFile(path: "/tmp/o.A", size: 1_048_576, fileSystem: .ext4),
        RecordedFile(path: "/tmp/o.B", size: 131172, fileSystem: .tmpfs),
        RecordedFile(path: "/memfd:mmoracle.M (deleted)", size: 1_048_576, fileSystem: .memfd),
      ])
  }

  @Test("calls keep their flags as Linux numbers them, with unknown bits")
  func callArguments() throws {
    let bodies = try bodies(
      """
      1 mmap(NULL, 8598, PROT_READ|PROT_EXEC, MAP_SHARED_VALIDATE|MAP_FIXED|0x800000, Ar, 0xdd000) = 0x7ffff7fd5000
      2 mmap(0x1000, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -EEXIST
      3 ftruncate(99, 5) = -EBADF
      4 mlockall(MCL_CURRENT|MCL_ONFAULT) = 0
      5 munlockall() = 0
      6 remap_file_pages(0x1000, 4096, 0, 3, MAP_NONBLOCK) = -EINVAL
      7 mremap(0x7ffff7fd5000, 4096, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x10000) = 0x10000

      """)
    #expect(
      bodies[0]
        == .call(
          RecordedCall(
            .mmap, .init(0, 8598, 5, 0x800013, 4, 0xdd000), file: FileID(0), fileAccess: .readOnly,
            result: 0x7fff_f7fd_5000)))
    #expect(
      bodies[1] == .call(RecordedCall(.mmap, .init(0x1000, 4096, 0, 0x22, .max, 0), result: -17)))
    #expect(bodies[2] == .call(RecordedCall(.ftruncate, .init(99, 5), result: -9)))
    #expect(bodies[3] == .call(RecordedCall(.mlockall, .init(5), result: 0)))
    #expect(bodies[4] == .call(RecordedCall(.munlockall, .init(), result: 0)))
    #expect(
      bodies[5]
        == .call(RecordedCall(.remapFilePages, .init(0x1000, 4096, 0, 3, 0x10000), result: -22)))
    #expect(
      bodies[6]
        == .call(
          RecordedCall(
            .mremap, .init(0x7fff_f7fd_5000, 4096, 8192, 3, 0x10000), result: 0x10000)))
  }

  @Test("probes keep their answers")
  func probes() throws {
    let bodies = try bodies(
      """
      1 read(0x1000) = 0xa2
      2 read(0x1000) = SIGBUS ADRERR
      3 write(0x1000, 0xff) = ok
      4 write(0x1000, 0x1) = SIGSEGV SI_KERNEL
      5 faults() = minflt +3 majflt +1
      6 mincore(0x1000, 8192) = [10]
      7 mincore(0x1000, 8192) = -ENOMEM
      8 pagemap(0x1000, 12288) = [P.S]
      9 vmflags(0x1000) = rd wr mr
      10 status() = VmSize 580 VmLck 0

      """)
    #expect(
      bodies == [
        .probe(.access(.read, address: 0x1000, value: 0xa2, outcome: .done)),
        .probe(.access(.read, address: 0x1000, value: nil, outcome: .busAddressError)),
        .probe(.access(.write, address: 0x1000, value: 0xff, outcome: .done)),
        .probe(.access(.write, address: 0x1000, value: 1, outcome: .segvKernel)),
        .probe(.faults(minor: 3, major: 1)),
        .probe(.mincore(address: 0x1000, length: 8192, bits: [true, false], error: nil)),
        .probe(.mincore(address: 0x1000, length: 8192, bits: [], error: .ENOMEM)),
        .probe(.pagemap(address: 0x1000, length: 12288, states: [.present, .absent, .swapped])),
        .probe(.vmFlags(address: 0x1000, flags: ["rd", "wr", "mr"])),
        .probe(.status(["VmSize": 580, "VmLck": 0])),
      ])
  }

  @Test("indented steps are the child's, until it exits")
  func childSteps() throws {
    let text = Self.log(
      """
      1 fork() = child
        - 00400000-00401000 r-xp 00000000 /tmp/a file
        2 brk(NULL) = 0x401000
      3 brk(0x402000) = 0x402000
      + 00401000-00402000 rw-p 00000000 [heap]
        4 exit(1)
      5 fork() = child
        6 exit(0)

      """)
    let events = try events(of: OracleReader(name: "log", text: text))
    #expect(events.map(\.task) == [0, 1, 1, 0, 0, 1, 0, 2])
    #expect(events.map(\.position) == [10, 11, 12, 13, 14, 15, 16, 17])
    #expect(events[0].body == .fork(child: 1, sharesMemory: false))
    #expect(events[5].body == .exit(status: 256))
    #expect(events[6].body == .fork(child: 2, sharesMemory: false))
  }

  @Test(
    "a defect is told with its line, what was expected and what stood there",
    arguments: [
      (
        "1 brk(NULL) = 0x401000\n3 brk(NULL) = 0x401000\n", "log:11: expected step 2, found \"3 brk"
      ),
      ("1 mmap(NULL, 4096) = 0\n", "log:10: expected a call with 6 arguments, not 2"),
      ("1 brk(1, 2) = 0\n", "log:10: expected ')', found \"2) = 0\""),
      ("1 brk(NULL) = -EWHAT\n", "log:10: expected a result, found \"-EWHAT\""),
      ("1 brk(NULL) = 0x1 more\n", "log:10: expected the end of the step, found \" more\""),
      ("1 brk(0x10000000000000000) = 0\n", "log:10: expected a number or a known flag"),
      ("1 munmap(0x1000, 99999999999999999999) = 0\n", "log:10: expected a number or a known flag"),
      ("1 dance() = 0\n", "log:10: expected a call or a probe of an oracle log"),
      ("1 madvise(0x1000, 4096, MADV_WHAT) = 0\n", "log:10: expected a number or a known flag"),
      (
        "1 mmap(NULL, 4096, 0, 2, Q, 0) = 0\n", "log:10: expected a descriptor, found \"Q, 0) = 0\""
      ),
      ("1 read(0x1000) = 0x100\n", "log:10: expected a byte, found \"0x100\""),
      ("1 write(0x1000, 0x1) = maybe\n", "log:10: expected 'ok' or a signal, found \"maybe\""),
      ("  1 brk(NULL) = 0x401000\n", "log:10: expected a step of the process: no child lives"),
      ("1 brk(NULL) = 0x401000\n+ 2000-1000 rw-p 0\n", "log:11: expected a line of maps"),
      ("1 brk(NULL) = 0x401000\n+ 1000-2000 rwqp 0\n", "log:11: expected a line of maps"),
      ("- 1000-2000 rw-p 0\n", "log:10: expected a step, found a line of maps without one"),
      ("1 exit(0)\n", "log:10: expected a step other than the process's own exit"),
    ])
  func defects(steps: String, message: String) {
    let error = #expect(throws: BadInput.self) {
      try events(of: OracleReader(name: "log", text: Self.log(steps)))
    }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
  }

  @Test("a log that ends before its last step is a defect")
  func truncatedLog() throws {
    let text = Self.log("1 brk(NULL) = 0x401000\n2 brk(NULL) = 0x401000\n")
    let cut = String(text.dropLast("2 brk(NULL) = 0x401000\n".count))
    let error = #expect(throws: BadInput.self) {
      try events(of: OracleReader(name: "log", text: cut))
    }
    #expect(error?.description == "log:10: expected 2 steps, found the end after 1")
  }
}
