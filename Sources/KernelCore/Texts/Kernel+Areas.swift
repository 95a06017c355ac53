internal import AddressSpaces
internal import Machine
internal import MemoryTypes

extension Kernel {
  /// Calls `body` with each mapping of a task, upwards, as one reading of `/proc` does.
  ///
  /// Lock: takes `mmapLock` shared for all of them. Linux: `m_start()`, `m_next()`, fs/proc/task_mmu.c.
  func forEachArea(of task: Ref<Task>, _ body: (Ref<VMA>) -> Void) {
    let space = task.pointee.space
    space.pointee.mmapLock.lockShared()
    defer { space.pointee.mmapLock.unlockShared() }
    var area = space.pointee.vmas.first
    while let vma = area {
      body(vma)
      area = space.pointee.vmas.next(vma)
    }
  }
}
