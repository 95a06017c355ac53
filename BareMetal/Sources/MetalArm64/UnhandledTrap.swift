public import CArm64
internal import MemoryTypes

/// Writes what a trap left in the registers, and ends with a panic: nothing handles it.
public func reportAndStop(_ frame: trap_frame, _ kind: UInt32) -> Never {
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
