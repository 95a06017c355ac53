import Boot
public import CArm64
import Machine
import MemoryTypes
import MetalArm64

/// Who serves page faults. One processor uses it; interrupts stay off.
nonisolated(unsafe) var bootedKernel: Ref<BootedKernel<MetalHardware>>?

/// Called by each of the sixteen vectors; returning resumes what was interrupted.
@c(trap_handler)
public func trapHandler(_ frame: UnsafeMutablePointer<trap_frame>, _ kind: UInt32) {
  if let access = dataAbortAccess(kind, read_esr_el1()), let kernel = unsafe bootedKernel {
    let address = VirtualAddress(UInt(read_far_el1()))
    if kernel.pointee.serveFault(at: address, access) { return }
  }
  reportAndStop(unsafe frame.pointee, kind)
}

/// What a load or store of the kernel did that met an invalid descriptor (status 0b0001LL) or one
/// without the permission (0b0011LL), at any level; nil for another exception.
///
/// Arm ARM (DDI 0487), D24.2.40 "ESR_EL1": exception class 0x25; bit 6, WnR.
private func dataAbortAccess(_ kind: UInt32, _ syndrome: UInt64) -> MemoryAccess? {
  let synchronousOnOwnStack: UInt32 = 4
  let dataAbortFromSameLevel: UInt64 = 0x25
  let status = syndrome & 0x3c
  guard kind == synchronousOnOwnStack, syndrome >> 26 & 63 == dataAbortFromSameLevel,
    status == 0x04 || status == 0x0c
  else { return nil }
  return syndrome & 1 << 6 == 0 ? .read : .write
}
