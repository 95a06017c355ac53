public import AddressSpaces
public import MemoryTypes

/// A thread of a program. Threads of one process, and a `vfork` child until it calls `execve`, have
/// one address space together.
///
/// A slab object. Linux: `task_struct`, include/linux/sched.h.
public struct Task {
  /// The number the recording, or the kernel's own counter, gives it. Linux: `pid`.
  public let id: Int32
  /// The number of the process it is a thread of: that of its first thread. Linux: `tgid`.
  public let process: Int32
  public internal(set) var space: Ref<AddressSpace>
  public internal(set) var state = TaskState.runnable
  /// The parent that waits until this task calls `execve` or ends. Linux: `vfork_done`.
  var vforkParent: Ref<Task>?
  var link = ListLink<Task>()
  var runLink = ListLink<Task>()

  init(id: Int32, process: Int32, space: Ref<AddressSpace>) {
    self.id = id
    self.process = process
    self.space = space
  }
}

/// Whether a task can have a processor. Linux: `__state`.
@frozen
public enum TaskState: UInt8, Hashable, Sendable {
  /// Stands in the run queue, or runs. Linux: `TASK_RUNNING`.
  case runnable
  /// Waits for its `vfork` child. Linux: `TASK_KILLABLE` in `wait_for_vfork_done()`.
  case waitingForChild
}

/// Links all tasks of a kernel.
public enum TaskLinking: ListLinking {
  public static func link(of task: Ref<Task>) -> Ref<ListLink<Task>> {
    // SAFETY: a stored property of an object in managed memory has a stable address.
    unsafe Ref(&task.pointee.link)
  }
}

/// Links the tasks that can have a processor, the next one first.
public enum RunLinking: ListLinking {
  public static func link(of task: Ref<Task>) -> Ref<ListLink<Task>> {
    // SAFETY: as above.
    unsafe Ref(&task.pointee.runLink)
  }
}
