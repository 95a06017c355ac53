internal import AddressSpaces
internal import KernelHeap
internal import Machine
public import MemoryTypes
internal import PageTables
internal import PhysicalMemory

extension Kernel {
  /// A task with an empty address space of its own.
  ///
  /// - Throws: `ENOMEM`; nothing is kept then.
  public mutating func spawn(id: Int32) throws(Errno) -> Ref<Task> {
    let space = try makeSpace(settings.limits)
    do throws(Errno) {
      return try addTask(id, process: id, space)
    } catch {
      leave(space)
      throw error
    }
  }

  /// A child of `parent`: a thread in the same address space, or a process in a copy of it.
  ///
  /// - Throws: `ENOMEM`; the parent is as before then.
  ///
  /// Linux: `kernel_clone()`, `dup_mm()`, kernel/fork.c.
  public mutating func fork(
    _ parent: Ref<Task>, id: Int32, sharesMemory: Bool
  ) throws(Errno) -> Ref<Task> {
    let space = parent.pointee.space
    if sharesMemory {
      let child = try addTask(id, process: parent.pointee.process, space)
      space.pointee.users += 1
      return child
    }
    let copy = try makeSpace(space.pointee.limits)
    do throws(Errno) {
      try inSpace(space) { parent throws(MapError) in try parent.copy(into: copy) }
      return try addTask(id, process: id, copy)
    } catch {
      leave(copy)
      throw error
    }
  }

  /// A process that runs in its parent's address space, while the parent waits, until it calls `execve`
  /// or ends.
  ///
  /// - Throws: `ENOMEM`; the parent is as before then and does not wait.
  ///
  /// Linux: `vfork`; `wait_for_vfork_done()`, kernel/fork.c.
  public mutating func vfork(_ parent: Ref<Task>, id: Int32) throws(Errno) -> Ref<Task> {
    let space = parent.pointee.space
    let child = try addTask(id, process: id, space)
    space.pointee.users += 1
    child.pointee.vforkParent = parent
    processes.park(parent, .waitingForChild)
    return child
  }

  /// Throws the task's address space away and gives it an empty one.
  ///
  /// The program's image is then added with `addImageArea`. Linux: `exec_mmap()`, fs/exec.c.
  public mutating func exec(_ task: Ref<Task>) throws(Errno) {
    let fresh = try makeSpace(task.pointee.space.pointee.limits)
    let old = task.pointee.space
    task.pointee.space = fresh
    releaseParent(of: task)
    leave(old)
  }

  /// Ends a task; the last one in an address space takes it along.
  ///
  /// Linux: `do_exit()`, `mmput()`.
  public mutating func exit(_ task: Ref<Task>) {
    let space = task.pointee.space
    releaseParent(of: task)
    processes.remove(task)
    tasks.free(task)
    leave(space)
  }

  /// The `vfork` parent goes on. Linux: `mm_release()`, `complete_vfork_done()`.
  private mutating func releaseParent(of task: Ref<Task>) {
    guard let parent = task.pointee.vforkParent else { return }
    task.pointee.vforkParent = nil
    processes.wake(parent)
  }

  /// Lets the hardware translate by the task's tables. Linux: `switch_mm()`.
  public mutating func switchTo(_ task: Ref<Task>) {
    let space = task.pointee.space
    if asids.mustForgetAtEverySwitch {
      hardware.invalidate(asid: space.pointee.asid)
    } else if space.pointee.asidGeneration != asids.generation {
      let (asid, mustForgetAll) = asids.allocate()
      space.pointee.asid = asid
      space.pointee.asidGeneration = asids.generation
      if mustForgetAll { hardware.invalidateAll() }
    }
    hardware.loadRoot(space.pointee.tables.root, asid: space.pointee.asid)
  }

  /// Gives the processor to the task whose turn it is: each runs once before one runs again.
  ///
  /// - Returns: It; nil when no task can run.
  ///
  /// Linux: `schedule()`, kernel/sched/core.c.
  public mutating func schedule() -> Ref<Task>? {
    guard let task = processes.turn() else { return nil }
    switchTo(task)
    return task
  }

  /// The task with a number; nil for none. Linux: `find_task_by_vpid()`.
  public func task(_ id: Int32) -> Ref<Task>? { processes.task(id) }

  /// A number for a new task. Linux: `alloc_pid()`.
  public mutating func unusedTaskID() -> Int32 { processes.unusedID() }

  /// Calls `body` for each task, oldest first.
  public func forEachTask(_ body: (Ref<Task>) -> Void) {
    var task = processes.all.first
    while let current = task {
      task = processes.all.next(after: current)
      body(current)
    }
  }

  private mutating func addTask(
    _ id: Int32, process: Int32, _ space: Ref<AddressSpace>
  ) throws(Errno) -> Ref<Task> {
    let task: Ref<Task>
    do {
      task = try tasks.allocate(Task(id: id, process: process, space: space))
    } catch { throw .ENOMEM }
    do { try processes.add(task) } catch {
      tasks.free(task)
      throw .ENOMEM
    }
    return task
  }
}
