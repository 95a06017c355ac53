internal import AddressSpaces
public import KernelCore
public import Machine
public import MemoryTypes
internal import PageTables

/// The kernel of an image with the task that runs on it, as the trap handler reaches them.
///
/// It stands in a frame of the allocator. One processor uses it, and never from a trap handler while
/// a system call is under way: the kernel itself takes no page fault.
public struct BootedKernel<Effects: Hardware>: ~Copyable {
  public internal(set) var kernel: Kernel<Effects>
  let task: Ref<Task>

  /// Serves a page fault that an access to user memory took; false when the access was wrong.
  ///
  /// Linux: `do_page_fault()`, arch/arm64/mm/fault.c; `exc_page_fault()`, arch/x86/mm/fault.c.
  public mutating func serveFault(at address: VirtualAddress, _ access: MemoryAccess) -> Bool {
    do throws(FaultError) {
      try kernel.pageFault(task, at: address, access)
      return true
    } catch {
      return false
    }
  }

  /// Faults that the task has taken.
  var faultCount: UInt64 { task.pointee.space.pointee.faults.minor }

  /// The frame that the task's tables map `address` to; nil without one.
  func frame(at address: VirtualAddress) -> PageFrameNumber? {
    task.pointee.space.pointee.tables.leaf(at: address)?.frame
  }
}
