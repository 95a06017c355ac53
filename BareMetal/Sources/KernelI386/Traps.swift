import Boot
public import CI386

/// Called by each of the 32 exception vectors; returning resumes what was interrupted.
@c(trap_handler)
public func trapHandler(_ frame: UnsafeMutablePointer<trap_frame>) {
  reportAndStop(unsafe frame.pointee)
}

private func reportAndStop(_ frame: trap_frame) -> Never {
  let console = Console()
  console.write("trap ")
  console.write(UInt(frame.vector))
  console.write(", error ")
  console.write(hexadecimal: UInt64(frame.error))
  console.write(", address ")
  console.write(hexadecimal: UInt64(read_cr2()))
  console.write(", counter ")
  console.write(hexadecimal: UInt64(frame.counter))
  console.write("\n")
  panic("a trap that nothing handles")
}
