import CI386
import Machine
import MemoryTypes
import MetalI386
import PhysicalMemory
import TranslationCheck

/// Called by `start.S`. Needs 256 MiB of RAM: half for tables, half to be reached.
@c(kernel_main)
public func kernelMain(_ magic: UInt32, _ information: UInt32) -> Never {
  // The last MiB of RAM is the firmware's.
  let targets = Targets(
    PhysicalRange(PhysicalAddress(0x0800_0000), count: 127 << 20), trap: undefinedInstructions,
    window: directMapStart)
  let plan = Plan(atAddress: directMapStart + 0x07FF_0000)
  targets.fill()
  enable_user_mode()
  var differences = compare("i386 two levels", .i386, targets, plan)
  turn_pae_on()
  if ExtendedFeatures.hasExecuteDisable { ExtendedFeatures.enableExecuteDisable() }
  let format = TranslationFormat.i386PAE(
    physicalAddressBits: physicalAddressBits,
    hasExecuteDisable: ExtendedFeatures.hasExecuteDisable)
  differences += compare("i386 PAE", format, targets, plan)
  exit(code: differences == 0 ? 0 : 1)
}

/// UD2, twice.
private var undefinedInstructions: UInt32 { 0x0B0F_0B0F }

/// CPUID 0x80000008, EAX bits 7:0; where there is no such leaf, 36 with PSE-36, else 32.
private var physicalAddressBits: UInt8 {
  guard read_features(0x8000_0000).eax >= 0x8000_0008 else {
    return read_features(1).edx >> 17 & 1 != 0 ? 36 : 32
  }
  return UInt8(truncatingIfNeeded: read_features(0x8000_0008).eax)
}

private func compare(
  _ name: StaticString, _ format: TranslationFormat, _ targets: Targets, _ plan: Plan
) -> UInt64 {
  do throws(AllocationError) {
    let pages = try startAllocator()
    var check = TranslationCheck(
      Processor(format), targets: targets, plan: plan, console: Console())
    return try check.run(name, pages: pages)
  } catch {
    panic("too little memory for the tables")
  }
}

/// An allocator over the half of RAM that is for tables, without the first megabyte, where the
/// BIOS keeps its own.
private func startAllocator() throws(AllocationError) -> Ref<PageAllocator> {
  let start = PhysicalAddress(0)
  // SAFETY: `paging.c` maps these addresses, and nothing unmaps them.
  let memory = unsafe DirectMap(
    base: UnsafeMutableRawPointer(bitPattern: directMapStart).unsafelyUnwrapped, start: start,
    count: ByteCount(256 << 20), pageSize: .size4K)
  // SAFETY: nothing else uses the array.
  var memblock = unsafe Memblock(
    arrays: UnsafeMutableRawBufferPointer(
      start: memory_ranges_address(), count: Int(memory_range_bytes)))
  try memblock.add(PhysicalRange(start, PhysicalAddress(0x07F0_0000)))
  let end = PhysicalAddress(UInt64(UInt(image_end_address()) - directMapStart))
  try memblock.reserve(PhysicalRange(start, end))
  return try PageAllocator.boot(memblock: &memblock, directMap: memory)
}
