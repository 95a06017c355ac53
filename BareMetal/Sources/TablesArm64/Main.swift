import CArm64
import Machine
import MemoryTypes
import MetalArm64
import PhysicalMemory
import TranslationCheck

/// Called by `start.S`. Needs 256 MiB of RAM: half for tables, half to be reached.
@c(kernel_main)
public func kernelMain(_ deviceTree: UInt) -> Never {
  let targets = Targets(
    PhysicalRange(PhysicalAddress(0x4800_0000), count: 128 << 20), trap: breakpoint,
    window: directMapStart)
  let plan = Plan(atAddress: directMapStart + 0x47FF_0000)
  targets.fill()
  var differences: UInt64 = 0
  let geometries = Geometry.all
  for index in 0..<geometries.count {
    differences += compare(geometries[index], targets, plan)
  }
  exit(status: differences == 0 ? 0 : 1)
}

/// BRK #0.
private var breakpoint: UInt32 { 0xD420_0000 }

private func compare(_ geometry: Geometry, _ targets: Targets, _ plan: Plan) -> UInt64 {
  var console = Console()
  guard geometry.isSupported else {
    console.write(geometry.name)
    console.write(": not supported by this processor\n")
    return 0
  }
  do throws(AllocationError) {
    let pages = try startAllocator(geometry.pageSize)
    var check = TranslationCheck(
      Processor(geometry), targets: targets, plan: plan, console: console)
    return try check.run(geometry.name, pages: pages)
  } catch {
    panic("too little memory for the tables")
  }
}

/// An allocator of its own per page size, over the half of RAM that is for tables.
private func startAllocator(_ pageSize: PageSize) throws(AllocationError) -> Ref<PageAllocator> {
  let start = PhysicalAddress(0x4000_0000)
  // SAFETY: `translation.c` maps these addresses, and nothing unmaps them.
  let memory = unsafe DirectMap(
    base: UnsafeMutableRawPointer(
      bitPattern: directMapStart + UInt(start.rawValue)
    ).unsafelyUnwrapped,
    start: start, count: ByteCount(256 << 20), pageSize: pageSize)
  // SAFETY: nothing else uses the array.
  var memblock = unsafe Memblock(
    arrays: UnsafeMutableRawBufferPointer(
      start: memory_ranges_address(), count: Int(memory_range_bytes)))
  try memblock.add(PhysicalRange(start, PhysicalAddress(0x47F0_0000)))
  let end = PhysicalAddress(image_end_address() - UInt64(directMapStart))
  try memblock.reserve(PhysicalRange(start, end))
  return try PageAllocator.boot(memblock: &memblock, directMap: memory)
}
