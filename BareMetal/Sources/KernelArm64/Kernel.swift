import Boot
import CArm64
import MemoryTypes
import PhysicalMemory

/// Where physical address 0 stands in the kernel's half. The linker script has the same number.
let directMapStart: UInt = 0xffff_0000_0000_0000

/// Called by `start.S` with translation on; `deviceTree` is a physical address, 0 if none was given.
@c(kernel_main)
public func kernelMain(_ deviceTree: UInt) -> Never {
  var console = Console()
  console.write("Octavo on arm64, 4 KiB pages, 48 bits\n")
  // SAFETY: the boot tables map the first gigabyte of RAM, which begins with the tree.
  let tree = unsafe UnsafeRawPointer(
    bitPattern: directMapStart + (deviceTree == 0 ? 0x4000_0000 : deviceTree))!
  do throws(FirmwareError) {
    let tree = try unsafe DeviceTree(FirmwareBytes(tree, count: ByteCount(2 << 20)))
    try tree.forEachMemoryRange { range, kind in
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
  exit(status: 0)
}
