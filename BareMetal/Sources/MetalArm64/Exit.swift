import CArm64
internal import MemoryTypes

/// Ends the emulator with `status`. Elsewhere, where no debugger answers, the processor stops.
public func exit(status: UInt64) -> Never {
  let applicationExit: UInt64 = 0x20026
  let block = (applicationExit, status)
  // SAFETY: the call only reads the block.
  unsafe withUnsafePointer(to: block) { _ = unsafe semihosting(0x18, $0) }
  while true { wait_for_event() }
}

/// Says why the kernel cannot go on, and ends with status 1.
public func panic(_ reason: StaticString) -> Never {
  var console = Console()
  console.write("panic: ")
  console.write(reason)
  console.write(UInt8(ascii: "\n"))
  exit(status: 1)
}
