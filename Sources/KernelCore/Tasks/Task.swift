public import AddressSpaces
public import MemoryTypes

/// A thread of a program. Threads of one process, and a `vfork` child until it calls `execve`, have
/// one address space together.
///
/// A slab object. Linux: `task_struct`, include/linux/sched.h.
public struct Task {
  /// The number the recording, or the kernel's own counter, gives it. Linux: `pid`.
  public let id: Int32
  public internal(set) var space: Ref<AddressSpace>
  var link = ListLink<Task>()
}

/// Links the tasks of a kernel.
public enum TaskLinking: ListLinking {
  public static func link(of task: Ref<Task>) -> Ref<ListLink<Task>> {
    // SAFETY: a stored property of an object in managed memory has a stable address.
    unsafe Ref(&task.pointee.link)
  }
}
