import Boot
import CArm64
import Machine
import MemoryTypes
import MetalArm64
import PhysicalMemory

/// Called by `start.S` with translation on; `deviceTree` is a physical address, 0 if none was given.
@c(kernel_main)
public func kernelMain(_ deviceTree: UInt) -> Never {
  var console = Console()
  console.write("Octavo on arm64, 4 KiB pages, 48 bits\n")
  do throws(BootError) {
    try boot(deviceTree: deviceTree == 0 ? startOfRAM : deviceTree, console)
  } catch {
    panic(error.reason)
  }
  console.write("boot check passed\n")
  exit(status: 0)
}

/// Where QEMU leaves the tree when it was asked to load an ELF file.
private var startOfRAM: UInt { 0x4000_0000 }

private func boot(deviceTree address: UInt, _ console: Console) throws(BootError) {
  let tree = try findTree(at: address)
  // SAFETY: nothing else uses the array.
  var memblock = unsafe Memblock(
    arrays: UnsafeMutableRawBufferPointer(
      start: memory_ranges_address(), count: Int(memory_range_bytes)))
  let start = PhysicalAddress(image_start_address() - UInt64(directMapStart))
  let end = PhysicalAddress(image_end_address() - UInt64(directMapStart))
  do throws(AllocationError) {
    try memblock.reserve(PhysicalRange(start, end))
    try memblock.reserve(
      PhysicalRange(PhysicalAddress(UInt64(address)), count: UInt64(tree.size.rawValue)))
  } catch {
    throw .tooManyRanges
  }
  var check = BootCheck(MetalMachine(), console: console)
  try check.run(tree, memblock: &memblock)
}

private func findTree(at address: UInt) throws(BootError) -> DeviceTree {
  let memory = MetalHardware().directMap
  let largest = ByteCount(2 << 20)  // as Linux's boot protocol limits it
  let start = PhysicalAddress(UInt64(address))
  guard memory.contains(start), memory.contains(start + largest) else {
    throw .firmware(.truncated)
  }
  do throws(FirmwareError) {
    // SAFETY: the direct map shows these bytes, and they are reserved before anything is allocated.
    return try unsafe DeviceTree(FirmwareBytes(memory.pointer(to: start), count: largest))
  } catch {
    throw .firmware(error)
  }
}
