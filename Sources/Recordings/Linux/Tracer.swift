#if os(Linux)

  internal import CRecorder
  internal import Glibc

  /// Follows a program's tasks from stop to stop and tells the pipeline what they did.
  ///
  /// All of it runs on the one thread that attached: the kernel accepts no other.
  final class Tracer {
    /// Nanoseconds for which a call waits for another of the same address space.
    static let longestHold: UInt64 = 20_000_000

    /// One followed thread.
    struct Task {
      var space: AddressSpaceTurn
      /// The call it is in, between its two stops.
      var call: PendingCall?
      /// Its PTRACE_EVENT_EXIT was seen; it is in no address space any more.
      var isExiting = false
    }

    let root: pid_t
    let pipeline: RecordingPipeline
    var tasks: [pid_t: Task] = [:]
    /// Newborn tasks, stopped, whose parent's event has not come yet.
    var unannounced: Set<pid_t> = []
    var files = MappedFiles()
    /// Tasks that wait for their turn, over all address spaces.
    var heldCount = 0
    /// The program has executed.
    var hasStarted = false
    var rootStatus: Int32 = 0
    var refusal: String?
    var missing: [String] = []

    init(root: pid_t, pipeline: RecordingPipeline) {
      self.root = root
      self.pipeline = pipeline
    }

    /// Takes hold of the waiting child.
    func attach() throws(RecordingError) {
      let error = recorder_ptrace(Ptrace.seize, root, 0, Ptrace.options)
      guard error == 0 else {
        kill(root, SIGKILL)
        var status: Int32 = 0
        // SAFETY: the status lives through the call.
        unsafe waitpid(root, &status, 0)
        throw .notSupported("ptrace is refused: \(systemText(-error))")
      }
      tasks[root] = Task(space: AddressSpaceTurn())
    }

    /// Returns when no task is left.
    func run() {
      while !tasks.isEmpty || !unannounced.isEmpty {
        var status: Int32 = 0
        // SAFETY: the status lives through the call.
        let task = unsafe recorder_wait(&status, heldCount == 0 ? 1 : 0)
        if task > 0 {
          handle(task, status)
        } else if task == 0 {
          usleep(50)
        } else if task != -EINTR {
          return
        }
        if heldCount > 0 { releaseOverdue() }
      }
    }

    private func handle(_ task: pid_t, _ status: Int32) {
      guard status & 0xff == 0x7f else {
        reap(task, status)
        return
      }
      let signal = status >> 8 & 0xff
      guard tasks[task] != nil else {
        unannounced.insert(task)
        return
      }
      switch Ptrace.Event(rawValue: status >> 16) {
      case .seccomp: enterCall(task)
      case .fork, .vfork, .clone: announceChild(of: task)
      case .exec: finishExec(task)
      case .exit: beginExit(task)
      case .stop: stopped(task, by: signal)
      case nil:
        if signal == SIGTRAP | 0x80 { leaveCall(task) } else { resume(task, signal: signal) }
      }
    }

    /// A newborn goes on; a group stop (SIGSTOP, SIGTSTP …) is kept until SIGCONT.
    private func stopped(_ task: pid_t, by signal: Int32) {
      switch signal {
      case SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU: _ = recorder_ptrace(Ptrace.listen, task, 0, 0)
      default: resume(task)
      }
    }

    /// Lets a stopped task run to its next stop. One that has died meanwhile is reaped later.
    func resume(_ task: pid_t, signal: Int32 = 0) {
      let request = tasks[task]?.call == nil ? Ptrace.cont : Ptrace.syscall
      _ = recorder_ptrace(request, task, 0, UInt64(signal))
    }
  }

  /// Requests, options and events of ptrace(2) that the recorder uses.
  enum Ptrace {
    static let cont: Int32 = 7
    static let syscall: Int32 = 24
    static let seize: Int32 = 0x4206
    static let listen: Int32 = 0x4208
    /// TRACESYSGOOD, TRACEFORK, TRACEVFORK, TRACECLONE, TRACEEXEC, TRACEEXIT, TRACESECCOMP, EXITKILL.
    static let options: UInt64 = 0x0010_00df

    enum Event: Int32 {
      case fork = 1
      case vfork, clone, exec
      case exit = 6
      case seccomp
      case stop = 128
    }
  }

#endif
