#if os(Linux)

  internal import CRecorder
  internal import Glibc
  internal import MemoryTypes

  /// A call between its way in and its way out.
  struct PendingCall {
    var name: CallName
    var arguments: RecordedCall.Arguments
    var file: FileID?
    var fileAccess = RecordedCall.FileAccess.unknown
    /// Calls that reach into another process tell nothing about the caller's memory.
    var isRecorded = true
  }

  extension Tracer {
    func enterCall(_ task: pid_t) {
      var call = recorder_call()
      // SAFETY: the structure lives through the call.
      guard unsafe recorder_call_at_stop(task, &call) == 0 else {
        resume(task)
        return
      }
      guard call.data == UInt32(SeccompFilter.mark),
        let traced = TracedCall.with(number: call.number)
      else {
        // A filter of the program's own asks for a tracer; without one its call fails so.
        _ = recorder_skip_call(task, -Int64(ENOSYS))
        resume(task)
        return
      }
      tasks[task]?.call = pending(traced, registers(of: call), task)
      takeTurn(task)
    }

    /// Lets the call into the kernel, or keeps it waiting while another of its space is there.
    private func takeTurn(_ task: pid_t) {
      guard let space = tasks[task]?.space else { return }
      if space.holder == nil {
        (space.holder, space.since) = (task, monotonicTime())
        resume(task)
      } else {
        space.waiting.append(task)
        heldCount += 1
      }
    }

    func leaveCall(_ task: pid_t) {
      var call = recorder_call()
      // SAFETY: the structure lives through the call.
      let error = unsafe recorder_call_at_stop(task, &call)
      if error == 0, hasStarted, let pending = tasks[task]?.call {
        emit(pending, call.result, task)
      }
      tasks[task]?.call = nil
      // The event is stamped before anyone else of this space goes on.
      resume(task)
      if let space = tasks[task]?.space { passTurn(of: task, in: space) }
    }

    private func emit(_ call: PendingCall, _ result: Int64, _ task: pid_t) {
      // ERESTARTSYS and its like: a signal came first, the call will come again.
      guard call.isRecorded, !(-516 ... -512).contains(result) else { return }
      let body = RecordedCall(
        call.name, call.arguments, file: call.file, fileAccess: call.fileAccess, result: result)
      pipeline.emit(task, .call(body))
    }

    /// Ends `task`'s claims on its space: a turn or a place in the queue.
    func passTurn(of task: pid_t, in space: AddressSpaceTurn) {
      let before = space.waiting.count
      space.waiting.removeAll { $0 == task }
      heldCount -= before - space.waiting.count
      guard space.holder == task else { return }
      space.holder = nil
      guard !space.waiting.isEmpty else { return }
      let next = space.waiting.removeFirst()
      heldCount -= 1
      (space.holder, space.since) = (next, monotonicTime())
      resume(next)
    }

    /// Gives the turn away where a call has blocked for long.
    func releaseOverdue() {
      let now = monotonicTime()
      for task in tasks.values where now &- task.space.since > Tracer.longestHold {
        guard let holder = task.space.holder, !task.space.waiting.isEmpty else { continue }
        // A task that only waits for a processor, or for us, is not one that others wait for.
        if ProcessFiles.isAsleep(holder) {
          passTurn(of: holder, in: task.space)
        } else {
          task.space.since = now
        }
      }
    }

    private func registers(of call: recorder_call) -> [UInt64] {
      let a = call.arguments
      return [a.0, a.1, a.2, a.3, a.4, a.5]
    }

    private func pending(
      _ traced: TracedCall, _ registers: [UInt64], _ task: pid_t
    ) -> PendingCall {
      var call = PendingCall(name: traced.name, arguments: traced.arguments(registers))
      switch traced.name {
      case .mmap:
        let isAnonymous = call.arguments.a3 & 0x20 != 0
        if !isAnonymous { addFile(to: &call, descriptor: call.arguments.a4, task) }
      case .ftruncate: addFile(to: &call, descriptor: call.arguments.a0, task)
      case .setrlimit: readLimit(into: &call, traced, task)
      default: break
      }
      return call
    }

    private func addFile(to call: inout PendingCall, descriptor: UInt64, _ task: pid_t) {
      let number = Int32(truncatingIfNeeded: descriptor)
      guard hasStarted, let found = files.file(descriptor: number, of: task) else { return }
      tell(found, task)
      call.file = found.id
      call.fileAccess = found.access
    }

    /// Writes down what is new about a file, before the event that names it.
    func tell(_ found: MappedFiles.Found, _ task: pid_t) {
      if let new = found.new { pipeline.add(new) }
      if let size = found.changedSize {
        pipeline.emit(task, .fileSize(file: found.id, bytes: size))
      }
    }

    /// Makes setrlimit(resource, pointer) and prlimit64(pid, resource, pointer, …) the same:
    /// resource, soft limit, hard limit.
    private func readLimit(into call: inout PendingCall, _ traced: TracedCall, _ task: pid_t) {
      let isOld = traced.number == TracedCall.setrlimit
      let a = call.arguments
      let target = isOld ? 0 : Int32(truncatingIfNeeded: a.a0)
      call.isRecorded = target == 0 || target == task
      var limits: [UInt64] = [0, 0]
      // SAFETY: sixteen bytes of an array that lives; a bad address in the task only fails.
      _ = unsafe recorder_read_memory(task, isOld ? a.a1 : a.a2, &limits, 16)
      call.arguments = .init(isOld ? a.a0 : a.a1, limits[0], limits[1])
    }
  }

  /// Nanoseconds of CLOCK_MONOTONIC, the clock of the page-fault samples.
  func monotonicTime() -> UInt64 {
    var time = timespec()
    // SAFETY: the structure lives through the call.
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

#endif
