import Boot
import CI386
import Machine
import MemoryTypes
import MetalI386
import PhysicalMemory

/// Called by `start.S` with paging on and what the loader left in `eax` and `ebx`.
@c(kernel_main)
public func kernelMain(_ magic: UInt32, _ information: UInt32) -> Never {
  var console = Console()
  console.write("Octavo on i386, 4 KiB pages, two levels\n")
  do throws(BootError) {
    try boot(findInformation(magic, information), console)
  } catch {
    panic(error.reason)
  }
  console.write("boot check passed\n")
  exit(code: 0)
}

private func boot(_ information: MultibootInformation, _ console: Console) throws(BootError) {
  // SAFETY: nothing else uses the array.
  var memblock = unsafe Memblock(
    arrays: UnsafeMutableRawBufferPointer(
      start: memory_ranges_address(), count: Int(memory_range_bytes)))
  let start = PhysicalAddress(UInt64(UInt(image_start_address()) - directMapStart))
  let end = PhysicalAddress(UInt64(UInt(image_end_address()) - directMapStart))
  do throws(AllocationError) {
    try memblock.reserve(PhysicalRange(start, end))
    // Tables of the BIOS lie scattered in the first megabyte; nobody needs it that much.
    try memblock.reserve(PhysicalRange(PhysicalAddress(0), count: 1 << 20))
  } catch {
    throw .tooManyRanges
  }
  var check = BootCheck(MetalMachine(), console: console)
  try check.run(information, memblock: &memblock)
}

private func findInformation(
  _ magic: UInt32, _ address: UInt32
) throws(BootError) -> MultibootInformation {
  let memory = MetalHardware().directMap
  do throws(FirmwareError) {
    // SAFETY: the direct map shows these bytes; they are read before anything is allocated.
    let bytes = unsafe FirmwareBytes(memory.pointer(to: memory.start), count: memory.count)
    return try MultibootInformation(
      magic: magic, address: PhysicalAddress(UInt64(address)), memory: bytes)
  } catch {
    throw .firmware(error)
  }
}
