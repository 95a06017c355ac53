public import CI386
internal import MemoryTypes

/// Writes what a trap left in the registers, and ends with a panic: nothing handles it.
public func reportAndStop(_ frame: trap_frame) -> Never {
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
