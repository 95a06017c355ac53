import Boot
public import CArm64

/// Called by each of the sixteen vectors; returning resumes what was interrupted.
@c(trap_handler)
public func trapHandler(_ frame: UnsafeMutablePointer<trap_frame>, _ kind: UInt32) {
  reportAndStop(unsafe frame.pointee, kind)
}

private func reportAndStop(_ frame: trap_frame, _ kind: UInt32) -> Never {
  let console = Console()
  console.write("trap ")
  console.write(UInt(kind))
  console.write(", syndrome ")
  console.write(hexadecimal: read_esr_el1())
  console.write(", address ")
  console.write(hexadecimal: read_far_el1())
  console.write(", counter ")
  console.write(hexadecimal: frame.counter)
  console.write("\n")
  panic("a trap that nothing handles")
}
