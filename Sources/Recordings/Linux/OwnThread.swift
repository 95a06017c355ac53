#if os(Linux)

  internal import CRecorder
  internal import SystemPackage

  /// A thread with one piece of work, which blocks every signal; to be joined once.
  ///
  /// A thread of a pool would not do for work that is bound to its thread or waits for long: ptrace
  /// answers only the thread that attached, and a thread's children are all its own.
  struct OwnThread: ~Copyable {
    private let handle: UInt64

    /// Starts `body`.
    ///
    /// - Throws: `EAGAIN` or `ENOMEM` where the system gives no more threads.
    init(_ body: @escaping () -> Void) throws(SystemPackage.Errno) {
      var handle: UInt64 = 0
      let work = unsafe Unmanaged.passRetained(Work(body))
      // SAFETY: the thread takes the reference over.
      let error = unsafe recorder_start_thread(
        &handle,
        { work in
          guard let work = unsafe work else { return }
          unsafe Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body()
        }, work.toOpaque())
      guard error == 0 else {
        unsafe work.release()
        throw SystemPackage.Errno(rawValue: -error)
      }
      self.handle = handle
    }

    /// Waits for the end of the work; what it wrote can be read then.
    consuming func join() { recorder_join_thread(handle) }

    private final class Work {
      let body: () -> Void
      init(_ body: @escaping () -> Void) { self.body = body }
    }
  }

#endif
