#if os(Linux)

  internal import CRecorder
  internal import Glibc

  /// The page-fault rings of all processors, for a task and whom it will start.
  ///
  /// The kernel shares a ring between a task and its children only per processor, hence one each.
  final class FaultRings {
    private(set) var rings: [FaultRing] = []
    /// What the system did not allow, in one line.
    private(set) var missing: String?
    private(set) var lost: UInt64 = 0

    /// A megabyte a ring: 26,000 faults. More takes longer to allocate than short programs run.
    private static let wantedPages: UInt32 = 256

    /// Records nothing.
    init() {}

    /// Opens the rings; they start with the task's exec. See `missing` when there are none.
    init(task: pid_t) {
      if let error = open(task, excludesKernel: 0) {
        guard error == EACCES || error == EPERM else {
          missing = FaultRings.text("page faults", error)
          return
        }
        // What an ordinary user may watch: the faults of user code.
        if let error = open(task, excludesKernel: 1) {
          missing = FaultRings.text("page faults", error)
        } else {
          missing = FaultRings.text("page faults inside system calls", error)
        }
      }
    }

    deinit { closeAll() }

    /// Moves all completed samples out of the rings, in order of time.
    func drain(into samples: inout [FaultSample]) {
      for ring in rings { ring.drain(into: &samples, lost: &lost) }
      samples.sort { $0.time < $1.time }
    }

    /// The error of the first ring that could not be had; nothing is open then.
    private func open(_ task: pid_t, excludesKernel: Int32) -> Int32? {
      var pages = FaultRings.wantedPages
      var lastError: Int32?
      for processor in 0..<Int32(max(1, sysconf(Int32(_SC_NPROCESSORS_CONF)))) {
        let wakeup = UInt32(pages) * 4096 / 4
        let descriptor = recorder_open_faults(task, processor, wakeup, excludesKernel)
        // A processor that is not there or off line.
        if descriptor == -ENODEV || descriptor == -ENXIO || descriptor == -EINVAL {
          lastError = -descriptor
          continue
        }
        guard descriptor >= 0 else {
          closeAll()
          return -descriptor
        }
        guard let ring = FaultRing(descriptor: descriptor, pages: pages) else {
          let error = errno
          close(descriptor)
          closeAll()
          return error
        }
        pages = ring.pages
        rings.append(ring)
      }
      return rings.isEmpty ? lastError ?? ENODEV : nil
    }

    private func closeAll() {
      for ring in rings {
        ring.unmap()
        close(ring.descriptor)
      }
      rings = []
    }

    private static func text(_ what: String, _ error: Int32) -> String {
      let setting = ProcessFiles.line("/proc/sys/kernel/perf_event_paranoid")
      guard error == EACCES || error == EPERM, let setting else {
        return "\(what): not recorded (\(systemText(error)))"
      }
      return "\(what): not recorded (perf_event_paranoid is \(setting))"
    }
  }

#endif
