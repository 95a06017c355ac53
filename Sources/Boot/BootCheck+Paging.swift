import KernelHeap
import Machine
import MemoryTypes
import PhysicalMemory

extension BootCheck {
  /// Switches to page tables of the allocator's frames and lets a touch fault a page in, twice:
  /// the second time after it was taken away, which proves that the TLB forgot it.
  mutating func checkPaging(_ pages: Ref<PageAllocator>) throws(BootError) {
    let before = pages.pointee.freePageCount
    let spaces = try makeCache(pages)
    let space = try makeSpace(pages, spaces)
    machine.hardware.loadRoot(space.pointee.root, asid: DemandSpace.asid)
    machine.serveFaults(by: space)
    try touchFreshPage(space, pages)
    space.pointee.removePages(on: machine.hardware)
    try touchFreshPage(space, pages)
    reportPaging(space)
    leave(space)
    spaces.free(space)
    try destroy(spaces)
    try check(pages.pointee.freePageCount == before, orFail: "the address space lost pages")
  }

  /// Where the check touches: an address of no special alignment but a word's.
  private var touched: VirtualAddress { VirtualAddress(0x0840_3a5c) }

  private func makeCache(
    _ pages: Ref<PageAllocator>
  ) throws(BootError) -> TypedCache<DemandSpace> {
    try allocating { () throws(AllocationError) in
      try TypedCache<DemandSpace>(name: "demand_space", pages: pages)
    }
  }

  private func makeSpace(
    _ pages: Ref<PageAllocator>, _ spaces: borrowing TypedCache<DemandSpace>
  ) throws(BootError) -> Ref<DemandSpace> {
    do throws(AllocationError) {
      return try spaces.allocate(
        DemandSpace(
          VirtualRange(VirtualAddress(0x0840_0000), count: ByteCount(1 << 20)),
          format: machine.format, kernelRoot: machine.kernelRoot, pages: pages))
    } catch {
      throw .outOfMemory
    }
  }

  /// One fault must bring a cleared page, whose bytes are then those of its frame.
  private func touchFreshPage(
    _ space: Ref<DemandSpace>, _ pages: Ref<PageAllocator>
  ) throws(BootError) {
    let word: UInt32 = 0x0c7a_f01d
    let faults = space.pointee.faultCount
    try check(space.pointee.frame(at: touched) == nil, orFail: "a page was there before its fault")
    try check(machine.load(touched) == 0, orFail: "a page came with old contents")
    machine.store(word, to: touched)
    try check(machine.load(touched) == word, orFail: "a stored word did not read back")
    try check(space.pointee.faultCount == faults + 1, orFail: "a touch was not one fault")
    guard let frame = space.pointee.frame(at: touched) else {
      throw .failed("the touched page is not mapped")
    }
    let memory = pages.pointee.directMap
    let offset = Int(touched.rawValue & memory.pageSize.offsetMask)
    // SAFETY: the frame was just mapped, and the offset lies in it.
    let stored = unsafe memory.pointer(to: frame).load(fromByteOffset: offset, as: UInt32.self)
    try check(stored == word, orFail: "the hardware wrote another frame")
  }

  private mutating func reportPaging(_ space: Ref<DemandSpace>) {
    console.write("paging: root at 0x")
    console.write(
      hexadecimal: machine.hardware.directMap.pageSize.address(of: space.pointee.root).rawValue)
    report(", ", UInt64(space.pointee.tableCount.rawValue), " tables, ")
    report("", UInt64(space.pointee.faultCount), " faults served\n")
  }

  private func leave(_ space: Ref<DemandSpace>) {
    space.pointee.removePages(on: machine.hardware)
    machine.serveFaults(by: nil)
    machine.leaveSpace()
    space.pointee.destroy()
  }

  private func destroy(_ spaces: borrowing TypedCache<DemandSpace>) throws(BootError) {
    do throws(SlabCacheError) {
      try spaces.slots.destroy()
    } catch {
      throw .failed("an address space was not freed")
    }
  }
}
