import Foundation

/// How a piece of work in a process of its own ended.
enum ChildOutcome {
  case succeeded
  case failed
  case trapped(signal: Int32)
}

#if os(Linux)
  import Glibc

  /// Does `work` in a copy of this process, so that a trap in it ends the copy only.
  ///
  /// Only the calling thread lives in the copy: enough for work that takes no lock of others.
  func runInChild(_ work: () -> Bool) -> ChildOutcome {
    let child = forkProcess()
    if child == 0 {
      for number in [SIGILL, SIGTRAP, SIGABRT, SIGSEGV] { signal(number, SIG_DFL) }
      _ = close(STDERR_FILENO)
      _exit(work() ? 0 : 1)
    }
    var status: Int32 = 0
    unsafe waitpid(child, &status, 0)
    let signalNumber = status & 0x7F
    guard signalNumber == 0 else { return .trapped(signal: signalNumber) }
    return status == 0 ? .succeeded : .failed
  }

  // Swift hides `fork()` because of what a copy of a threaded process must not do.
  @_silgen_name("fork")
  private func forkProcess() -> pid_t
#else
  /// Does `work` in this process: a trap ends it.
  func runInChild(_ work: () -> Bool) -> ChildOutcome {
    work() ? .succeeded : .failed
  }
#endif
