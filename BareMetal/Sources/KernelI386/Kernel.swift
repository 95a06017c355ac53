import Boot
import CI386
import MemoryTypes
import PhysicalMemory

/// Where physical address 0 stands in the kernel's half. The linker script has the same number.
let directMapStart: UInt = 0xc000_0000

/// How much RAM the direct map reaches; what lies above would need temporary mappings.
let directMapSize: UInt = 896 << 20

/// Called by `start.S` with paging on and what the loader left in `eax` and `ebx`.
@c(kernel_main)
public func kernelMain(_ magic: UInt32, _ information: UInt32) -> Never {
  var console = Console()
  console.write("Octavo on i386, 4 KiB pages, two levels\n")
  // SAFETY: the boot directory maps these addresses.
  let memory = unsafe FirmwareBytes(
    UnsafeRawPointer(bitPattern: directMapStart)!, count: ByteCount(directMapSize))
  do throws(FirmwareError) {
    let information = try MultibootInformation(
      magic: magic, address: PhysicalAddress(UInt64(information)), memory: memory)
    try information.forEachMemoryRange { range, kind in
      console.write(kind == .usable ? "memory " : "reserved ")
      console.write("0x")
      console.write(hexadecimal: range.start.rawValue)
      console.write(" to ")
      console.write("0x")
      console.write(hexadecimal: range.end.rawValue)
      console.write(UInt8(ascii: "\n"))
    }
  } catch {
    panic(error.reason)
  }
  console.write("boot check passed\n")
  exit(code: 0)
}
