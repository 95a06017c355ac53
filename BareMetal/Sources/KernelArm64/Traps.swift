import Boot
public import CArm64
import MemoryTypes

/// Who serves page faults. One processor uses it; interrupts stay off.
nonisolated(unsafe) var faultingSpace: Ref<DemandSpace>?

/// Called by each of the sixteen vectors; returning resumes what was interrupted.
@c(trap_handler)
public func trapHandler(_ frame: UnsafeMutablePointer<trap_frame>, _ kind: UInt32) {
  if isTranslationFault(kind, read_esr_el1()), let space = unsafe faultingSpace {
    let address = VirtualAddress(UInt(read_far_el1()))
    if space.pointee.serveFault(at: address, on: MetalHardware()) { return }
  }
  reportAndStop(unsafe frame.pointee, kind)
}

/// Whether a load or store of the kernel met an invalid descriptor, at any level.
///
/// Arm ARM (DDI 0487), D24.2.40 "ESR_EL1": exception class 0x25, status 0b0001LL.
private func isTranslationFault(_ kind: UInt32, _ syndrome: UInt64) -> Bool {
  let synchronousOnOwnStack: UInt32 = 4
  let dataAbortFromSameLevel: UInt64 = 0x25
  return kind == synchronousOnOwnStack && syndrome >> 26 & 63 == dataAbortFromSameLevel
    && syndrome & 0x3c == 0x04
}

private func reportAndStop(_ frame: trap_frame, _ kind: UInt32) -> Never {
  var console = Console()
  console.write("trap ")
  console.write(decimal: UInt64(kind))
  console.write(", syndrome 0x")
  console.write(hexadecimal: read_esr_el1())
  console.write(", address 0x")
  console.write(hexadecimal: read_far_el1())
  console.write(", counter 0x")
  console.write(hexadecimal: frame.counter)
  console.write(UInt8(ascii: "\n"))
  panic("a trap that nothing handles")
}
