import Boot
public import CI386
import MemoryTypes

/// Who serves page faults. One processor uses it; interrupts stay off.
nonisolated(unsafe) var faultingSpace: Ref<DemandSpace>?

/// Called by each of the 32 exception vectors; returning resumes what was interrupted.
@c(trap_handler)
public func trapHandler(_ frame: UnsafeMutablePointer<trap_frame>) {
  let frame = unsafe frame.pointee
  if isMissingPage(frame), let space = unsafe faultingSpace {
    let address = VirtualAddress(UInt(read_cr2()))
    if space.pointee.serveFault(at: address, on: MetalHardware()) { return }
  }
  reportAndStop(frame)
}

/// Intel SDM volume 3A, 4.7 "Page-Fault Exceptions": bit 0 clear, no entry was present.
private func isMissingPage(_ frame: trap_frame) -> Bool {
  let pageFault: UInt32 = 14
  return frame.vector == pageFault && frame.error & 1 == 0
}

private func reportAndStop(_ frame: trap_frame) -> Never {
  var console = Console()
  console.write("trap ")
  console.write(decimal: UInt64(frame.vector))
  console.write(", error 0x")
  console.write(hexadecimal: UInt64(frame.error))
  console.write(", address 0x")
  console.write(hexadecimal: UInt64(read_cr2()))
  console.write(", counter 0x")
  console.write(hexadecimal: UInt64(frame.counter))
  console.write(UInt8(ascii: "\n"))
  panic("a trap that nothing handles")
}
