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
      return try addTask(id, space)
    } catch {
      discard(space)
      throw error
    }
  }

  /// A child of `parent`: in the same address space, or in a copy of it.
  ///
  /// - Throws: `ENOMEM`; the parent is as before then.
  ///
  /// Linux: `kernel_clone()`, `dup_mm()`, kernel/fork.c.
  public mutating func fork(
    _ parent: Ref<Task>, id: Int32, sharesMemory: Bool
  ) throws(Errno) -> Ref<Task> {
    let space = parent.pointee.space
    if sharesMemory {
      let child = try addTask(id, space)
      space.pointee.users += 1
      return child
    }
    let copy = try makeSpace(space.pointee.limits)
    do throws(Errno) {
      try inSpace(space) { parent throws(MapError) in try parent.copy(into: copy) }
      return try addTask(id, copy)
    } catch {
      discard(copy)
      throw error
    }
  }

  /// Throws the task's address space away and gives it an empty one.
  ///
  /// The program's image is then added with `addImageArea`. Linux: `exec_mmap()`, fs/exec.c.
  public mutating func exec(_ task: Ref<Task>) throws(Errno) {
    let fresh = try makeSpace(task.pointee.space.pointee.limits)
    let old = task.pointee.space
    task.pointee.space = fresh
    drop(old)
  }

  /// Ends a task; the last one in an address space takes it along.
  ///
  /// Linux: `do_exit()`, `mmput()`.
  public mutating func exit(_ task: Ref<Task>) {
    let space = task.pointee.space
    taskList.remove(task)
    tasks.free(task)
    drop(space)
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

  /// Calls `body` for each task, oldest first.
  public func forEachTask(_ body: (Ref<Task>) -> Void) {
    var task = taskList.first
    while let current = task {
      task = taskList.next(after: current)
      body(current)
    }
  }

  private mutating func addTask(_ id: Int32, _ space: Ref<AddressSpace>) throws(Errno) -> Ref<Task>
  {
    let task: Ref<Task>
    do { task = try tasks.allocate(Task(id: id, space: space)) } catch { throw .ENOMEM }
    taskList.pushBack(task)
    return task
  }

  private func makeSpace(_ limits: ResourceLimits) throws(Errno) -> Ref<AddressSpace> {
    do {
      return try services.pointee.spaces.allocate { () throws(AllocationError) in
        try AddressSpace(services: services, layout: settings.layout, limits: limits)
      }
    } catch { throw .ENOMEM }
  }

  /// One user less; the last one ends the space.
  private func drop(_ space: Ref<AddressSpace>) {
    space.pointee.users -= 1
    if space.pointee.users == 0 { discard(space) }
  }

  private func discard(_ space: Ref<AddressSpace>) {
    space.pointee.destroy()
    flush(space)
    services.pointee.spaces.free(space)
  }

  /// Makes the hardware forget what became stale, then frees the frames behind it.
  func flush(_ space: Ref<AddressSpace>) {
    let pages = pages
    space.pointee.batch.flush(
      on: hardware, asid: space.pointee.asid, frames: AllocatorFrames(pages)
    ) { page in
      pages.pointee.freePage(page)
    }
  }
}
