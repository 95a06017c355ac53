#if os(Linux)

  internal import CRecorder
  internal import Glibc

  extension Tracer {
    /// A fork, vfork or clone succeeded; `parent` is stopped inside it.
    func announceChild(of parent: pid_t) {
      var message: UInt64 = 0
      // SAFETY: the variable lives through the call.
      guard unsafe recorder_event_message(parent, &message) == 0, let task = tasks[parent] else {
        resume(parent)
        return
      }
      let child = pid_t(truncatingIfNeeded: message)
      let sharesMemory = sharesMemory(parent)
      if sharesMemory { task.space.memberCount += 1 }
      tasks[child] = Task(space: sharesMemory ? task.space : AddressSpaceTurn())
      if hasStarted { pipeline.emit(parent, .fork(child: child, sharesMemory: sharesMemory)) }
      if unannounced.remove(child) != nil { resume(child) }
      resume(parent)
    }

    /// Whether the call that `parent` is in makes a task in the same address space.
    private func sharesMemory(_ parent: pid_t) -> Bool {
      var call = recorder_call()
      // SAFETY: the structure lives through the call.
      guard unsafe recorder_call_registers(parent, &call) == 0 else { return false }
      let cloneVM: UInt64 = 0x100
      switch call.number {
      case 56: return call.arguments.0 & cloneVM != 0
      case 58: return true
      case 435:
        var flags: UInt64 = 0
        // SAFETY: eight bytes of a variable that lives.
        guard unsafe recorder_read_memory(parent, call.arguments.0, &flags, 8) == 8 else {
          return false
        }
        return flags & cloneVM != 0
      default: return false
      }
    }

    /// The task runs a new program; every other thread of its process is gone.
    func finishExec(_ task: pid_t) {
      var message: UInt64 = 0
      // SAFETY: the variable lives through the call.
      _ = unsafe recorder_event_message(task, &message)
      let former = pid_t(truncatingIfNeeded: message)
      leaveSpace(task)
      if former != task, tasks[former] != nil {
        // A thread that was not the leader executed: it goes on under the leader's number.
        leaveSpace(former)
        tasks[former] = nil
        pipeline.emit(former, .exit(status: 0))
      }
      tasks[task] = Task(space: AddressSpaceTurn())
      guard isSupported(task) else { return }
      hasStarted = true
      pipeline.emit(task, .exec(image(of: task)))
      resume(task)
    }

    /// Programs for another instruction set make other calls: the first is refused, a later one
    /// is named once.
    private func isSupported(_ task: pid_t) -> Bool {
      var call = recorder_call()
      // SAFETY: the structure lives through the call. Its error says only that this is no
      // system-call stop; the architecture is told at every stop.
      _ = unsafe recorder_call_at_stop(task, &call)
      guard call.architecture != 0, call.architecture != SeccompFilter.architecture else {
        return true
      }
      let path = ProcessFiles.link("/proc/\(task)/exe") ?? "the program"
      if hasStarted {
        missing.append("\(path) (task \(task)): not an x86-64 program, its calls are not recorded")
        return true
      }
      refusal = "\(path) is not an x86-64 program"
      kill(task, SIGKILL)
      resume(task)
      return false
    }

    private func image(of task: pid_t) -> ExecImage {
      let mappings = ProcessFiles.maps(of: task) ?? []
      var ids: [FileID?] = []
      for line in mappings {
        let found = files.file(at: line.path)
        if let found { tell(found, task) }
        ids.append(found?.id)
      }
      return ExecImage(
        path: ProcessFiles.link("/proc/\(task)/exe") ?? "", mappings: mappings, files: ids,
        programBreak: ProcessFiles.initialBreak(of: task), origin: .recorded)
    }

    /// The task is about to leave its address space, which still stands.
    func beginExit(_ task: pid_t) {
      if hasStarted, let space = tasks[task]?.space, space.memberCount == 1,
        let maps = ProcessFiles.maps(of: task)
      {
        pipeline.emit(task, .maps(maps))
      }
      leaveSpace(task)
      resume(task)
    }

    func reap(_ task: pid_t, _ status: Int32) {
      unannounced.remove(task)
      guard tasks[task] != nil else { return }
      leaveSpace(task)
      tasks[task] = nil
      if task == root { rootStatus = status }
      if hasStarted { pipeline.emit(task, .exit(status: status)) }
    }

    private func leaveSpace(_ task: pid_t) {
      guard let entry = tasks[task], !entry.isExiting else { return }
      tasks[task]?.isExiting = true
      tasks[task]?.call = nil
      entry.space.memberCount -= 1
      passTurn(of: task, in: entry.space)
    }
  }

#endif
