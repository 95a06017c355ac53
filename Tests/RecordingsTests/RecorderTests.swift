#if os(Linux)

  import Foundation
  import Recordings
  import Testing

  /// One after the other: what they compile they compile once.
  @Suite("The recorder", .serialized)
  struct RecorderTests {
    @Test("a program's memory calls are recorded in order with arguments and results")
    func calls() throws {
      let recorded = try record(try compiled("calls"))
      #expect(recorded.outcome.ending == .exited(status: 7))
      let marked = recorded.calls.drop { $0.arguments.a1 != 0x111000 }
      #expect(
        marked.map(\.name) == [
          .mmap, .mprotect, .madvise, .mremap, .munmap, .mmap, .brk, .brk,
        ])
      let calls = Array(marked)
      try #require(calls.count == 8)
      let base = UInt64(bitPattern: calls[0].result)
      #expect(calls[0].arguments == .init(0, 0x111000, 3, 0x22, UInt64.max, 0))
      #expect(calls[1].arguments == .init(base + 0x1000, 0x22000, 1))
      #expect(calls[2].arguments == .init(base, 0x33000, 4))
      #expect(calls[5].result == -22)
      #expect(calls[6].arguments == .init())
      #expect(calls[7].arguments.a0 == UInt64(bitPattern: calls[6].result) + 0x66000)
      #expect(calls[7].result == calls[6].result + 0x66000)
    }

    @Test("another child of the calling thread keeps its exit status")
    func otherChild() throws {
      let words = unsafe [strdup("/bin/sh"), strdup("-c"), strdup("exit 42"), nil]
      defer { unsafe words.forEach { unsafe free($0) } }
      var child: pid_t = 0
      try #require(unsafe posix_spawn(&child, "/bin/sh", nil, nil, words, nil) == 0)
      // Long enough for the shell to have ended: its status then waits for whoever asks first.
      #expect(try record("/bin/sh", ["-c", "sleep 0.2"]).outcome.ending == .exited(status: 0))
      var status: Int32 = 0
      #expect(unsafe waitpid(child, &status, 0) == child)
      #expect(status >> 8 & 0xff == 42)
    }

    @Test("programs recorded at once do not disturb each other")
    func atOnce() async throws {
      let program = try compiled("calls")
      let alone = try record(program).calls
      try await withThrowingTaskGroup { group in
        for _ in 0..<4 { group.addTask { try record(program).calls } }
        for try await calls in group { #expect(calls == alone) }
      }
    }

    @Test("the recording begins with the image and ends with the maps and the exit")
    func frame() throws {
      let recorded = try record(try compiled("calls"))
      guard case .exec(let image) = recorded.events.first?.body else {
        Issue.record("no exec first")
        return
      }
      #expect(image.origin == .recorded)
      #expect(image.path.hasSuffix("/calls"))
      #expect(image.mappings.contains { $0.path == "[stack]" })
      #expect(image.files.count == image.mappings.count)
      let heap = recorded.calls.first { $0.name == .brk }
      #expect(heap.map { UInt64(bitPattern: $0.result) } == image.programBreak)
      let last = recorded.events.suffix(2).map(\.body)
      guard last.count == 2, case .maps(let maps) = last[0] else {
        Issue.record("no maps before the exit")
        return
      }
      #expect(maps.contains { $0.path == "[heap]" && $0.end - $0.start >= 0x66000 })
      #expect(last[1] == .exit(status: 7 << 8))
    }

    @Test("a statically linked program is recorded")
    func staticProgram() throws {
      let recorded = try record(try compiled("calls", ["-static"]))
      #expect(recorded.outcome.ending == .exited(status: 7))
      #expect(recorded.index(of: .mmap, length: 0x111000) != nil)
    }

    @Test("without a random layout two recordings have the same calls and results")
    func fixedLayout() throws {
      let program = try compiled("calls")
      #expect(try record(program).calls == record(program).calls)
      var options = RecordingOptions()
      options.keepsRandomLayout = true
      let random = try record(program, options: options)
      #expect(random.header.hasRandomLayout == true)
      #expect(try random.calls != record(program, options: options).calls)
    }

    @Test("mapped files are recorded with path, size, access mode and every new size")
    func files() throws {
      let path = freshPath(".data")
      defer { try? FileManager.default.removeItem(atPath: path) }
      try Data(repeating: 1, count: 0x1234).write(to: URL(fileURLWithPath: path))
      let recorded = try record(try compiled("files"), [path])
      let calls = recorded.calls.filter { call in
        call.file.map { recorded.files[Int($0.rawValue)].path == path } ?? false
      }
      #expect(calls.map(\.name) == [.mmap, .ftruncate, .mmap, .mmap])
      #expect(calls.map(\.fileAccess) == [.readWrite, .readWrite, .readWrite, .readOnly])
      #expect(recorded.files.first { $0.path == path }?.size == 0x1234)
      let id = try #require(calls.first?.file)
      let grown = recorded.index { $0 == .fileSize(file: id, bytes: 0x5000) }
      let second = recorded.index(of: .mmap, length: 0x5000)
      #expect(try #require(grown) < #require(second))
      let memory = recorded.files.first { $0.fileSystem == .memfd }
      #expect(memory?.path == "/memfd:sheet (deleted)")
      let refused = recorded.calls.first { $0.arguments.a1 == 0x6000 && $0.result == -9 }
      #expect(refused != nil && refused?.file == nil)
    }

    @Test("calls of several threads never overlap")
    func threads() throws {
      let recorded = try record(try compiled("threads"))
      #expect(recorded.outcome.ending == .exited(status: 0))
      var live: Set<Int64> = []
      var count = 0
      for call in recorded.calls where call.arguments.a1 == 0x7000 {
        count += 1
        if call.name == .mmap {
          #expect(live.insert(call.result).inserted)
        } else {
          #expect(live.remove(Int64(bitPattern: call.arguments.a0)) != nil)
        }
      }
      #expect(count == 2000 && live.isEmpty)
      let forks = recorded.events.filter {
        if case .fork(_, let sharesMemory) = $0.body { sharesMemory } else { false }
      }
      #expect(forks.count == 4)
      let maps = recorded.events.filter { if case .maps = $0.body { true } else { false } }
      #expect(maps.count == 1)
    }

    @Test("a child's events stand behind its fork and its exit before the parent goes on")
    func children() throws {
      let recorded = try record(try compiled("children"))
      #expect(recorded.outcome.ending == .exited(status: 5))
      var shares: [Bool] = []
      var seen: Set<Int32> = [try #require(recorded.events.first).task]
      for event in recorded.events {
        #expect(seen.contains(event.task))
        if case .fork(let child, let sharesMemory) = event.body {
          seen.insert(child)
          shares.append(sharesMemory)
        }
      }
      #expect(shares == [false, true])
      let exits = recorded.events.compactMap {
        if case .exit(let status) = $0.body { status >> 8 } else { nil }
      }
      #expect(exits == [3, 4, 5])
      let secondExit = try #require(recorded.index { $0 == .exit(status: 4 << 8) })
      #expect(try #require(recorded.index(of: .mmap, length: 0x44000)) < secondExit)
      #expect(try #require(recorded.index(of: .mmap, length: 0x55000)) > secondExit)
      let execs = recorded.events.filter { if case .exec = $0.body { true } else { false } }
      #expect(execs.count == 2)
      let maps = recorded.events.filter { if case .maps = $0.body { true } else { false } }
      #expect(maps.count == 3)
    }

    @Test("a thread's exec goes on under the leader's number")
    func threadExec() throws {
      let recorded = try record(try compiled("thread-exec"))
      #expect(recorded.outcome.ending == .exited(status: 6))
      let execs = recorded.events.filter { if case .exec = $0.body { true } else { false } }
      #expect(execs.count == 2 && execs.first?.task == execs.last?.task)
      let call = try #require(recorded.index(of: .mmap, length: 0x66000))
      #expect(recorded.events[call].task == execs.first?.task)
    }

    @Test("death by a signal, handled signals and group stops pass through")
    func signals() throws {
      let program = try compiled("signals")
      #expect(try record(program, ["segv"]).outcome.ending == .killed(signal: 11))
      #expect(try record(program, ["handle"]).outcome.ending == .exited(status: 8))
      let stopped = try record(program, ["stop"])
      #expect(stopped.outcome.ending == .exited(status: 9))
      #expect(stopped.index(of: .mmap, length: 0x99000) != nil)
    }

    @Test("SIGTERM to the recorder reaches the program and the recording is kept")
    func forwarding() throws {
      let recorded = try record(try compiled("signals"), ["term"])
      #expect(recorded.outcome.ending == .exited(status: 10))
      #expect(recorded.events.last?.body == .exit(status: 10 << 8))
    }

    @Test("a program's own seccomp filters keep their effect")
    func ownFilter() throws {
      let recorded = try record(try compiled("own-filter"))
      #expect(recorded.outcome.ending == .exited(status: 11))
      #expect(recorded.index(of: .mmap, length: 0x77000) != nil)
    }

    @Test("each page the program touches gives one fault between its mmap and its exit")
    func faults() throws {
      let recorded = try record(try compiled("faults"))
      if recorded.outcome.missing.contains(where: { $0.hasPrefix("page faults: not") }) { return }
      #expect(recorded.outcome.lostFaults == 0)
      let start = try #require(recorded.index(of: .mmap, length: 300 * 4096))
      guard case .call(let call) = recorded.events[start].body else { return }
      let base = UInt64(bitPattern: call.result)
      var pages: [UInt64] = []
      for event in recorded.events[start...] {
        if case .fault(let address, let access) = event.body, address &- base < 300 * 4096 {
          pages.append((address - base) / 4096)
          #expect(access == (pages.count <= 100 ? .write : .read))
        }
      }
      #expect(pages == Array(0..<200))
    }

    @Test("times never go backwards")
    func times() throws {
      let recorded = try record(try compiled("threads"))
      let times = recorded.events.map(\.time)
      #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
    }

    @Test("a program that is not there or not executable is told as a shell does")
    func notFound() throws {
      let path = freshPath()
      #expect(throws: RecordingError.programNotFound("no-such-program-here")) {
        try Recorder.record(
          program: "no-such-program-here", arguments: [], to: CompactWriter(path: path))
      }
      #expect(RecordingError.programNotFound("x").exitStatus == 127)
      let error = #expect(throws: RecordingError.self) {
        try Recorder.record(program: "/etc/passwd", arguments: [], to: CompactWriter(path: path))
      }
      #expect(error?.exitStatus == 126)
      #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("a 32-bit program is refused in one line and leaves no file")
    func otherArchitecture() throws {
      let program = try compiled("narrow", ["-m32", "-nostdlib", "-static"])
      let path = freshPath()
      let error = #expect(throws: RecordingError.self) {
        try Recorder.record(program: program, arguments: [], to: CompactWriter(path: path))
      }
      #expect(error?.description == "cannot record: \(program) is not an x86-64 program")
      #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("a full disk is told and the program still ends as it would")
    func fullDisk() throws {
      let program = try compiled("calls")
      #expect(throws: RecordingError.self) {
        try Recorder.record(
          program: program, arguments: [], to: CompactWriter(path: "/dev/full"))
      }
    }

    @Test("standard streams, arguments and environment reach the program")
    func streams() throws {
      var options = RecordingOptions()
      options.environment = ["WORD=leaf"]
      let output = freshPath(".txt")
      defer { try? FileManager.default.removeItem(atPath: output) }
      let program = try compiled("streams")
      let script = "printf in | \(program) one 'two three' >\(output) 2>&1"
      let recorded = try record("/bin/sh", ["-c", script], options: options)
      #expect(recorded.outcome.ending == .exited(status: 0))
      #expect(try String(contentsOfFile: output, encoding: .utf8) == "inleaf one two three")
    }
  }

#endif
