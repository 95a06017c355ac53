import Boot
public import CI386
import Machine
import MemoryTypes
import MetalI386

/// Who serves page faults. One processor uses it; interrupts stay off.
nonisolated(unsafe) var bootedKernel: Ref<BootedKernel<MetalHardware>>?

/// Called by each of the 32 exception vectors; returning resumes what was interrupted.
@c(trap_handler)
public func trapHandler(_ frame: UnsafeMutablePointer<trap_frame>) {
  let frame = unsafe frame.pointee
  if let access = pageFaultAccess(frame), let kernel = unsafe bootedKernel {
    let address = VirtualAddress(UInt(read_cr2()))
    if kernel.pointee.serveFault(at: address, access) { return }
  }
  reportAndStop(frame)
}

/// What a page fault's access was; nil for another exception.
///
/// Intel SDM volume 3A, 4.7 "Page-Fault Exceptions": bit 1 of the error code set, a write.
private func pageFaultAccess(_ frame: trap_frame) -> MemoryAccess? {
  let pageFault: UInt32 = 14
  guard frame.vector == pageFault else { return nil }
  return frame.error & 2 == 0 ? .read : .write
}
