import AddressSpaces
import KernelCore
import Machine
import MemoryTypes
import PageTables
import PhysicalMemory

extension BootCheck {
  /// Boots the kernel and runs a task that maps memory and touches it, twice: the second time after
  /// the mapping was taken away, which proves that the TLB forgot it.
  mutating func checkPaging(_ pages: Ref<PageAllocator>) throws(BootError) {
    let booted = try bootKernel(pages)
    let atBoot = booted.pointee.kernel.freeAtBoot
    report("kernel: ", UInt64(atBoot.rawValue), " pages free\n")
    let task = booted.pointee.task
    booted.pointee.kernel.switchTo(task)
    machine.serveFaults(by: booted)
    for _ in 0..<2 {
      try map(booted)
      try touchFreshPage(booted, pages)
      try unmap(booted)
    }
    try map(booted)
    try touchFreshPage(booted, pages)
    reportPaging(booted)
    machine.serveFaults(by: nil)
    machine.leaveSpace()
    booted.pointee.kernel.exit(task)
    booted.pointee.kernel.shrinkCaches()
    try check(pages.pointee.freePageCount == atBoot, orFail: "the task kept pages")
  }

  /// What the task maps, and where in it the check touches: a word of no special alignment.
  private var mapped: VirtualRange {
    VirtualRange(VirtualAddress(0x0840_0000), count: ByteCount(1 << 20))
  }
  private var touched: VirtualAddress { VirtualAddress(0x0840_3a5c) }

  /// The kernel and its task in a frame of their own, which is never given back.
  private func bootKernel(
    _ pages: Ref<PageAllocator>
  ) throws(BootError) -> Ref<BootedKernel<Target.Effects>> {
    do throws(AllocationError) {
      let home = try pages.pointee.allocatePages(
        order: .holding(
          pages.pointee.directMap.pageSize.pages(
            in: ByteCount(UInt(MemoryLayout<BootedKernel<Target.Effects>>.size)))),
        flags: .kernel)
      let format = machine.format
      let layout = UserLayout.standard(
        format.architecture, pageSize: format.pageSize,
        virtualAddressBits: format.virtualAddressBits)
      var kernel = try Kernel(
        hardware: machine.hardware, pages: pages, format: format,
        kernelRoot: machine.kernelRoot, settings: KernelSettings(layout: layout))
      guard let task = spawn(&kernel) else { throw .outOfMemory }
      // SAFETY: the block is large enough, page-aligned and never freed.
      let place = unsafe pages.pointee.pointer(to: home).bindMemory(
        to: BootedKernel<Target.Effects>.self, capacity: 1)
      unsafe place.initialize(to: BootedKernel(kernel: kernel, task: task))
      return unsafe Ref(place)
    } catch {
      throw .outOfMemory
    }
  }

  private func spawn(_ kernel: inout Kernel<Target.Effects>) -> Ref<Task>? {
    do throws(Errno) { return try kernel.spawn(id: 1) } catch { return nil }
  }

  private func map(_ booted: Ref<BootedKernel<Target.Effects>>) throws(BootError) {
    let wanted: MapFlags = [.private, .anonymous, .fixed]
    let access: Protection = [.read, .write]
    do throws(Errno) {
      _ = try booted.pointee.kernel.mmap(
        booted.pointee.task, address: mapped.start.rawValue, length: mapped.count.rawValue,
        protection: UInt(access.rawValue), flags: UInt(wanted.rawValue))
    } catch {
      throw .failed("mmap refused an anonymous mapping")
    }
  }

  private func unmap(_ booted: Ref<BootedKernel<Target.Effects>>) throws(BootError) {
    do throws(Errno) {
      try booted.pointee.kernel.munmap(
        booted.pointee.task, address: mapped.start.rawValue, length: mapped.count.rawValue)
    } catch {
      throw .failed("munmap refused what mmap had made")
    }
  }

  /// A read must bring the page of zeros, a write a frame of the task's own.
  private func touchFreshPage(
    _ booted: Ref<BootedKernel<Target.Effects>>, _ pages: Ref<PageAllocator>
  ) throws(BootError) {
    let word: UInt32 = 0x0c7a_f01d
    let faults = booted.pointee.faultCount
    try check(booted.pointee.frame(at: touched) == nil, orFail: "a page was there before its fault")
    try check(machine.load(touched) == 0, orFail: "a page came with old contents")
    let zeros = booted.pointee.frame(at: touched)
    machine.store(word, to: touched)
    try check(machine.load(touched) == word, orFail: "a stored word did not read back")
    try check(
      booted.pointee.faultCount == faults + 2, orFail: "a read and a write were not two faults")
    guard let frame = booted.pointee.frame(at: touched), frame != zeros else {
      throw .failed("the written page is not the task's own")
    }
    let memory = pages.pointee.directMap
    let offset = Int(touched.rawValue & memory.pageSize.offsetMask)
    // SAFETY: the frame was just mapped, and the offset lies in it.
    let stored = unsafe memory.pointer(to: frame).load(fromByteOffset: offset, as: UInt32.self)
    try check(stored == word, orFail: "the hardware wrote another frame")
  }

  private mutating func reportPaging(_ booted: Ref<BootedKernel<Target.Effects>>) {
    let space = booted.pointee.task.pointee.space
    console.write("paging: root at 0x")
    console.write(
      hexadecimal: machine.hardware.directMap.pageSize.address(
        of: space.pointee.tables.root
      ).rawValue)
    report(", ", UInt64(space.pointee.tables.tableCount.rawValue), " tables, ")
    report("", booted.pointee.faultCount, " faults served\n")
  }
}
