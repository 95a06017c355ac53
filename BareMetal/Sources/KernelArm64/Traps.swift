public import CArm64
import MemoryTypes

/// Called by each of the sixteen vectors; returning resumes what was interrupted.
@c(trap_handler)
public func trapHandler(_ frame: UnsafeMutablePointer<trap_frame>, _ kind: UInt32) {
  reportAndStop(unsafe frame.pointee, kind)
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
