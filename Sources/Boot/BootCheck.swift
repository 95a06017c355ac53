import Machine
public import MemoryTypes
public import PhysicalMemory

/// Boots the memory manager, uses every layer of it once, and gives everything back.
///
/// Each step writes a line, so that the last line of a machine that died says where.
public struct BootCheck<Target: BootMachine, Console: TextSink> {
  let machine: Target
  var console: Console

  public init(_ machine: Target, console: Console) {
    self.machine = machine
    self.console = console
  }

  /// Does it all.
  ///
  /// `memblock` holds what the image reserved for itself; `map` is added to it. Throws at the first
  /// thing that is not as it must be; the machine is of no use then.
  public mutating func run(
    _ map: some MemoryMap, memblock: inout Memblock
  ) throws(BootError) {
    try memblock.add(map)
    reportMemory(memblock)
    let pages = try startAllocator(&memblock)
    let atBoot = pages.pointee.freePageCount
    report("buddy: ", UInt64(atBoot.rawValue), " pages free\n")
    try checkFrames(pages)
    try checkHeap(pages)
    try check(pages.pointee.freePageCount == atBoot, orFail: "pages were lost")
    try checkPaging(pages)
    pages.pointee.checkInvariants()
    report("freed: ", UInt64(pages.pointee.freePageCount.rawValue), " pages free, as at boot\n")
  }

  private mutating func reportMemory(_ memblock: borrowing Memblock) {
    var total: UInt64 = 0
    for index in 0..<memblock.memory.count { total += memblock.memory[index].range.count }
    var free: UInt64 = 0
    for range in memblock.freeRanges { free += range.count }
    report("memory: ", total >> 10, " KiB")
    report(" in ", UInt64(memblock.memory.count), " ranges")
    report(", ", free >> 10, " KiB free\n")
  }

  private func startAllocator(
    _ memblock: inout Memblock
  ) throws(BootError) -> Ref<PageAllocator> {
    do throws(AllocationError) {
      return try PageAllocator.boot(memblock: &memblock, directMap: machine.hardware.directMap)
    } catch {
      throw .outOfMemory
    }
  }

  mutating func report(_ before: StaticString, _ number: UInt64, _ after: StaticString) {
    console.write(before)
    console.write(decimal: number)
    console.write(after)
  }
}
