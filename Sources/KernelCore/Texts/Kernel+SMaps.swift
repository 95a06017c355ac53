internal import AddressSpaces
internal import Machine
public import MemoryTypes

/// `/proc/PID/smaps` and `/proc/PID/smaps_rollup`.
extension Kernel {
  /// Writes each mapping of a task with what its pages are.
  ///
  /// O(VMAs + leaves). Lock: takes `mmapLock` shared. Linux: `show_smap()`, fs/proc/task_mmu.c.
  public func writeSMaps(of task: Ref<Task>, to sink: inout some TextSink) {
    let space = task.pointee.space
    forEachArea(of: task) { vma in
      writeLine(vma, space, to: &sink)
      writeSizes(vma, space, to: &sink)
      var use = MemoryUse()
      space.pointee.measure(vma, into: &use)
      writeUse(use, isRollup: false, to: &sink)
      writeEligibility(vma, space, to: &sink)
      writeFlags(vma, to: &sink)
    }
  }

  /// Writes the sums over all mappings of a task; nothing for one that has no mapping.
  ///
  /// Lock and complexity as `writeSMaps`. Linux: `show_smaps_rollup()`.
  public func writeSMapsRollup(of task: Ref<Task>, to sink: inout some TextSink) {
    let space = task.pointee.space
    space.pointee.mmapLock.lockShared()
    var use = MemoryUse()
    var area = space.pointee.vmas.first
    while let vma = area {
      space.pointee.measure(vma, into: &use)
      area = space.pointee.vmas.next(vma)
    }
    if let first = space.pointee.vmas.first, let last = space.pointee.vmas.last {
      let range = VirtualRange(first.pointee.start, last.pointee.end)
      var line = CountingSink(sink)
      writePrefix(range, [], 0, FileIdentity(), to: &line)
      line.pad(max(1, nameColumn - line.count), with: 0x20)
      line.write("[rollup]\n")
      sink = line.sink
      writeUse(use, isRollup: true, to: &sink)
    }
    space.pointee.mmapLock.unlockShared()
  }

  private func writeSizes(
    _ vma: Ref<VMA>, _ space: Ref<AddressSpace>, to sink: inout some TextSink
  ) {
    let page = vma.pointee.file?.pointee.blockSize ?? space.pointee.pageSize.bytes
    write("Size:", UInt64(vma.pointee.range.count.rawValue), to: &sink)
    write("KernelPageSize:", UInt64(page.rawValue), to: &sink)
    write("MMUPageSize:", UInt64(page.rawValue), to: &sink)
  }

  /// Linux: `__show_smap()`. Nothing here is merged, freed lazily, huge or swapped out yet.
  private func writeUse(_ use: MemoryUse, isRollup: Bool, to sink: inout some TextSink) {
    write("Rss:", use.resident, to: &sink)
    write("Pss:", use.share.total >> 12, to: &sink)
    write("Pss_Dirty:", use.share.dirty >> 12, to: &sink)
    if isRollup {
      write("Pss_Anon:", use.share.anonymous >> 12, to: &sink)
      write("Pss_File:", use.share.file >> 12, to: &sink)
      write("Pss_Shmem:", use.share.sharedMemory >> 12, to: &sink)
    }
    write("Shared_Clean:", use.sharedClean, to: &sink)
    write("Shared_Dirty:", use.sharedDirty, to: &sink)
    write("Private_Clean:", use.privateClean, to: &sink)
    write("Private_Dirty:", use.privateDirty, to: &sink)
    write("Referenced:", use.referenced, to: &sink)
    write("Anonymous:", use.anonymous, to: &sink)
    if services.pointee.rules.contains(.tellsMergedPages) { write("KSM:", 0, to: &sink) }
    write("LazyFree:", 0, to: &sink)
    write("AnonHugePages:", 0, to: &sink)
    write("ShmemPmdMapped:", 0, to: &sink)
    write("FilePmdMapped:", 0, to: &sink)
    write("Shared_Hugetlb:", 0, to: &sink)
    write("Private_Hugetlb:", 0, to: &sink)
    write("Swap:", 0, to: &sink)
    write("SwapPss:", 0, to: &sink)
    write("Locked:", use.share.locked >> 12, to: &sink)
  }

  /// Whether a fault may take a huge page: where the program asked for them and one fits.
  ///
  /// Linux: `thp_vma_allowable_orders()` with the policy `madvise`.
  private func writeEligibility(
    _ vma: Ref<VMA>, _ space: Ref<AddressSpace>, to sink: inout some TextSink
  ) {
    let mask = max(space.pointee.layout.hugePageSize.rawValue, 1) &- 1
    let start = (vma.pointee.start.rawValue &+ mask) & ~mask
    let fits = mask > 0 && start < vma.pointee.end.rawValue & ~mask
    let isEligible = fits && vma.pointee.isAnonymous && vma.pointee.flags.contains(.hugePages)
    sink.write("THPeligible:    ")
    let isAligned = services.pointee.rules.contains(.alignsEligibility)
    sink.write(decimal: isEligible ? 1 : 0, width: isAligned ? 8 : 1)
    sink.write("\n")
  }

  private func writeFlags(_ vma: Ref<VMA>, to sink: inout some TextSink) {
    sink.write("VmFlags: ")
    vma.pointee.flags.forEachName(services.pointee.rules) { name in
      sink.write(name)
      sink.write(" ")
    }
    sink.write("\n")
  }

  /// A name padded to 16 columns, and kibibytes. Linux: `SEQ_PUT_DEC()`.
  private func write(_ name: StaticString, _ bytes: UInt64, to sink: inout some TextSink) {
    sink.write(name, width: 16)
    sink.write(decimal: bytes >> 10, width: 8)
    sink.write(" kB\n")
  }
}
