#if os(Linux)

  internal import CRecorder
  internal import Glibc

  /// The child, forked and waiting before its exec.
  struct Launch {
    var task: pid_t
    /// A byte written here lets the child execute.
    var go: Int32
    /// The child's errno appears here when it could not execute.
    var failure: Int32

    /// Forks; the child waits until `start()`.
    static func prepare(
      path: String, name: String, arguments: [String], environment: [String],
      keepsRandomLayout: Bool
    ) throws(RecordingError) -> Launch {
      guard let go = pipe(), let failure = pipe() else {
        throw .notSupported("no pipe: \(systemText(errno))")
      }
      defer {
        close(go.read)
        close(failure.write)
      }
      let argv = CStrings([name] + arguments)
      let shell = CStrings(["/bin/sh", path] + arguments)
      let variables = CStrings(environment)
      let blocked = ProcessFiles.blockedSignals()
      let filter = SeccompFilter.instructions()
      let task = unsafe path.withCString { path in
        unsafe filter.withUnsafeBufferPointer { filter in
          var launch = unsafe recorder_launch(
            path: path, arguments: argv.pointer, environment: variables.pointer,
            shell_arguments: shell.pointer, filter: filter.baseAddress,
            blocked_signals: blocked,
            filter_length: UInt16(filter.count), keeps_random_layout: keepsRandomLayout ? 1 : 0)
          // SAFETY: the child has a copy of all this memory; the parent does not wait for it.
          return unsafe recorder_spawn(&launch, go.read, failure.write)
        }
      }
      guard task > 0 else { throw .notSupported("no new process: \(systemText(-task))") }
      return Launch(task: task, go: go.write, failure: failure.read)
    }

    func start() {
      var byte: UInt8 = 1
      // SAFETY: one byte of a variable that lives.
      _ = unsafe write(go, &byte, 1)
    }

    /// Why the child could not execute; nil when it could.
    func execError() -> Int32? {
      var error: Int32 = 0
      // SAFETY: four bytes of a variable that lives.
      let got = unsafe read(failure, &error, 4)
      return got == 4 ? error : nil
    }

    func closePipes() {
      close(go)
      close(failure)
    }

    private static func pipe() -> (read: Int32, write: Int32)? {
      var ends: [Int32] = [0, 0]
      // SAFETY: recorder_pipe writes two numbers.
      guard unsafe recorder_pipe(&ends) == 0 else { return nil }
      return (ends[0], ends[1])
    }
  }

  /// A null-terminated array of C strings, as `execve` wants it.
  @safe struct CStrings: ~Copyable {
    private let storage: UnsafeMutableBufferPointer<UnsafeMutablePointer<CChar>?>

    init(_ texts: [String]) {
      unsafe storage = .allocate(capacity: texts.count + 1)
      for (index, text) in texts.enumerated() { unsafe storage[index] = strdup(text) }
      unsafe storage[texts.count] = nil
    }

    deinit {
      for index in unsafe storage.indices { unsafe free(storage[index]) }
      unsafe storage.deallocate()
    }

    var pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
      unsafe storage.baseAddress
    }
  }

#endif
