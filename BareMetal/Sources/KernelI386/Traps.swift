public import CI386
import MemoryTypes

/// Called by each of the 32 exception vectors; returning resumes what was interrupted.
@c(trap_handler)
public func trapHandler(_ frame: UnsafeMutablePointer<trap_frame>) {
  reportAndStop(unsafe frame.pointee)
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
