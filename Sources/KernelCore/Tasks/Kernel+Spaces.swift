public import AddressSpaces
internal import KernelHeap
public import MemoryTypes
internal import PageTables
internal import PhysicalMemory

/// How long an address space lives.
///
/// ```
///   users       tasks that run in it          at 0 every mapping and table goes
///   references  who looks at it, the users    at 0 the object goes
///               counting as one
/// ```
extension Kernel {
  /// An empty address space in the list of all, with one user.
  func makeSpace(_ limits: ResourceLimits) throws(Errno) -> Ref<AddressSpace> {
    do {
      let space = try services.pointee.spaces.allocate { () throws(AllocationError) in
        try AddressSpace(services: services, layout: settings.layout, limits: limits)
      }
      services.pointee.allSpaces.pushBack(space)
      return space
    } catch { throw .ENOMEM }
  }

  /// Keeps the object of a space for somebody who is not a task of it; `drop` ends it.
  ///
  /// Linux: `mmgrab()`, include/linux/sched/mm.h.
  public func keep(_ space: Ref<AddressSpace>) { space.pointee.references += 1 }

  /// One reference less; with the last one the object goes.
  ///
  /// Linux: `mmdrop()`.
  public func drop(_ space: Ref<AddressSpace>) {
    space.pointee.references -= 1
    if space.pointee.references == 0 { services.pointee.spaces.free(space) }
  }

  /// One user less; with the last one its memory goes, and the users' reference.
  ///
  /// Linux: `mmput()`, kernel/fork.c.
  func leave(_ space: Ref<AddressSpace>) {
    space.pointee.users -= 1
    guard space.pointee.users == 0 else { return }
    space.pointee.destroy()
    flush(space)
    services.pointee.allSpaces.remove(space)
    drop(space)
  }

  /// Calls `body` for each address space that has users, oldest first.
  ///
  /// Linux: `mmlist` of `init_mm`, which has those with pages in swap only.
  public func forEachSpace(_ body: (Ref<AddressSpace>) -> Void) {
    var space = services.pointee.allSpaces.first
    while let current = space {
      space = services.pointee.allSpaces.next(after: current)
      body(current)
    }
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
