#if os(Linux)

  internal import CRecorder
  internal import Glibc
  internal import SystemPackage

  /// Records the memory life of a program while it runs.
  ///
  ///     program ──seccomp: memory calls only──▶ ptrace stops ──▶ Tracer ──┐ calls, exec, fork, exit
  ///        │                                                             ▼
  ///        └──page faults──▶ perf rings, one per processor ──▶ RecordingPipeline ──▶ CompactWriter
  ///                                                            (own thread, merges by time)
  ///
  /// A seccomp filter answers SECCOMP_RET_TRACE for the calls of `TracedCall.all` and lets the rest
  /// run untouched. Such a call stops twice: on its way in (registers, the file behind mmap's
  /// descriptor) and on its way out (result). Its event is stamped at the second stop, so that it
  /// stands behind every fault the thread took before it and before all it takes after it.
  ///
  /// Calls of one address space are let in one at a time: two threads' mmaps would else be told in
  /// another order than the kernel's lock gave them. A call that sleeps longer than
  /// `Tracer.longestHold` loses this right, so that threads which wait for each other go on.
  ///
  /// A fork's event stands before the child's first: the child is stopped at birth until its
  /// parent's stop has been seen. An exit's event is written when the task is reaped, since the
  /// kernel decides late which thread of an exec survives; the maps of the dying address space
  /// are written before, while it stands.
  ///
  /// The child is forked, traced and waited for on a thread of its own: the wait takes any child of
  /// its thread, and another's child, started on the same thread, must not lose its status to it.
  ///
  /// Page faults carry no access kind, see `AccessGuess` for how it is told.
  ///
  /// Sources: ptrace(2), seccomp(2), perf_event_open(2), proc(5).
  public enum Recorder {
    /// Runs `program` to its end (and all its children) and writes what happened to `writer`,
    /// which must be new; it is finished here.
    ///
    /// Blocks the caller until then. Several programs may be recorded at once. The program gets this process's standard
    /// streams, directory and, unless told otherwise, environment.
    ///
    /// - Parameter program: a path when it holds a slash, else searched in PATH.
    /// - Throws: `RecordingError`; nothing is left of the file then.
    public static func record(
      program: String, arguments: [String], options: RecordingOptions = RecordingOptions(),
      to writer: CompactWriter
    ) throws(RecordingError) -> RecordingOutcome {
      let environment = options.environment ?? ownEnvironment()
      let path = try ProgramSearch.path(of: program, environment: environment)
      return try onOwnThread { () throws(RecordingError) in
        try record(
          path: path, name: program, arguments: arguments, environment: environment,
          options: options, to: writer)
      }
    }

    private static func onOwnThread(
      _ body: @escaping () throws(RecordingError) -> RecordingOutcome
    ) throws(RecordingError) -> RecordingOutcome {
      var result: Result<RecordingOutcome, RecordingError>?
      do throws(SystemPackage.Errno) {
        try OwnThread { result = Result { () throws(RecordingError) in try body() } }.join()
      } catch {
        throw .notSupported("no new thread: \(error)")
      }
      // The thread has ended, and its last act was to set the result.
      return try result!.get()
    }

    private static func record(
      path: String, name: String, arguments: [String], environment: [String],
      options: RecordingOptions, to writer: CompactWriter
    ) throws(RecordingError) -> RecordingOutcome {
      let launch = try Launch.prepare(
        path: path, name: name, arguments: arguments, environment: environment,
        keepsRandomLayout: options.keepsRandomLayout)
      defer { launch.closePipes() }
      let rings = options.recordsFaults ? FaultRings(task: launch.task) : FaultRings()
      let pipeline = RecordingPipeline(writer: writer, rings: rings, root: launch.task)
      let tracer = Tracer(root: launch.task, pipeline: pipeline)
      try tracer.attach()
      let slot = options.forwardsSignals ? recorder_forward_signals(launch.task) : -1
      defer { recorder_stop_forwarding(slot) }
      do throws(RecordingWriteError) {
        try pipeline.start(
          .ofThisMachine(hasRandomLayout: options.keepsRandomLayout))
      } catch {
        kill(launch.task, SIGKILL)
        tracer.run()
        throw .writing(error)
      }
      launch.start()
      tracer.run()
      return try outcome(tracer, pipeline, launch, path: path, rings: rings)
    }

    private static func outcome(
      _ tracer: Tracer, _ pipeline: RecordingPipeline, _ launch: Launch, path: String,
      rings: FaultRings
    ) throws(RecordingError) -> RecordingOutcome {
      let summary: RecordingPipeline.Summary
      let error = pipeline.close()
      if let refusal = tracer.refusal { throw .notSupported(refusal) }
      if !tracer.hasStarted, let reason = launch.execError() {
        throw .programNotExecutable(path, reason: systemText(reason))
      }
      if let error { throw .writing(error) }
      do throws(RecordingWriteError) { summary = try pipeline.finish() } catch {
        throw .writing(error)
      }
      let signal = tracer.rootStatus & 0x7f
      return RecordingOutcome(
        ending: signal == 0
          ? .exited(status: tracer.rootStatus >> 8 & 0xff) : .killed(signal: signal),
        eventCount: summary.eventCount, lostFaults: summary.lostFaults,
        missing: (rings.missing.map { [$0] } ?? []) + tracer.missing)
    }

    private static func ownEnvironment() -> [String] {
      var texts: [String] = []
      // SAFETY: the array ends with a null pointer; nobody changes the environment meanwhile.
      var next = unsafe environ
      while let text = unsafe next.pointee {
        unsafe texts.append(String(cString: text))
        unsafe next += 1
      }
      return texts
    }
  }

#endif
