import CI386
internal import MemoryTypes

/// Ends the emulator, whose own exit status is then `code << 1 | 1`. Elsewhere, where nothing
/// listens at the port, the processor stops.
public func exit(code: UInt32) -> Never {
  write_port32(0xf4, code)
  while true { halt() }
}

/// Says why the kernel cannot go on, and ends with code 1.
public func panic(_ reason: StaticString) -> Never {
  var console = Console()
  console.write("panic: ")
  console.write(reason)
  console.write(UInt8(ascii: "\n"))
  exit(code: 1)
}
