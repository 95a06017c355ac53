internal import Machine
internal import MemoryTypes
internal import PhysicalMemory
internal import Recordings

extension BootComparison {
  /// What of /proc/vmstat follows from the machine: how many frames its descriptors fill, and, from
  /// the frames that it says are free, how many may be dirty.
  static func compareCounters(
    _ model: BootModel, _ replay: BootReplay, _ report: inout BootReport
  ) {
    if let pages = replay.folder.counters["nr_memmap_boot_pages"],
      let ours = descriptorPages(replay)
    {
      report.compare("machine", "nr_memmap_boot_pages", kernel: pages, computed: ours.rawValue)
    }
    compareDirtyLimits(model, replay, &report)
  }

  /// Linux: `sparse_init_nid()`, which counts them section by section.
  private static func descriptorPages(_ replay: BootReplay) -> PageCount? {
    let kernel = replay.kernel
    let order = kernel.sectionOrder
    guard let end = replay.memory.memblock.endOfDRAM else { return nil }
    let frames = PhysicalRange(PhysicalAddress(0), end).wholeFrames(kernel.pageSize)
    let count = SectionMap.count(for: frames, order: order)
    // What a damaged log calls memory may end anywhere.
    guard count < 1 << 24 else { return nil }
    var words = [UInt](repeating: 0, count: Bitmap.wordCount(for: count))
    return unsafe words.withUnsafeMutableBufferPointer { words in
      // SAFETY: the bits outlive the map, which is gone when this returns.
      unsafe words.baseAddress.map { bits in
        unsafe SectionMap(
          replay.memory.memblock, over: frames, order: order, pageSize: kernel.pageSize,
          bits: Bitmap(bits, count: count)
        ).descriptorPages(kernel.pageSize)
      }
    }
  }

  private static func compareDirtyLimits(
    _ model: BootModel, _ replay: BootReplay, _ report: inout BootReport
  ) {
    let folder = replay.folder
    func pages(_ name: String) -> PageCount? {
      // More than any machine has: a damaged text must not overflow a sum.
      folder.counters[name].map { PageCount(UInt(clamping: min($0, 1 << 44))) }
    }
    func percent(_ name: String) -> UInt64? { folder.settings[name].flatMap { UInt64($0) } }
    guard let free = pages("nr_free_pages"), let inactive = pages("nr_inactive_file"),
      let active = pages("nr_active_file")
    else { return }
    let dirtyable = DirtyLimits.dirtyable(
      free: free, files: inactive + active, reserve: model.totalReserveAtMarks,
      high: highPages(model, folder))
    let limits = DirtyLimits(
      of: dirtyable, percent: percent("dirty_ratio") ?? 20,
      backgroundPercent: percent("dirty_background_ratio") ?? 10, replay.kernel.pageSize)
    for (name, ours) in [
      ("nr_dirty_threshold", limits.threshold),
      ("nr_dirty_background_threshold", limits.background),
    ] {
      guard let theirs = folder.counters[name] else { continue }
      report.compare("machine", name, kernel: theirs, computed: ours.rawValue)
    }
  }

  /// High memory that could be dirty, which counts for nobody. Linux: `highmem_dirtyable_memory()`.
  private static func highPages(_ model: BootModel, _ folder: BootFolder) -> PageCount {
    folder.zones.reduce(.zero) { sum, zone in
      guard zone.name == "HighMem", let high = model[zone.node, .highMemory],
        let free = zone.free, free > UInt64(high.marks.high.rawValue)
      else { return sum }
      return sum + PageCount(UInt(clamping: free)) - high.marks.high
    }
  }
}

extension BootKernel {
  /// Linux: `SECTION_SIZE_BITS`.
  fileprivate var sectionOrder: Order {
    switch architecture {
    case .arm64: SectionSize.order(.arm64, pageSize)
    case .x86: SectionSize.order(.x86_64, pageSize)
    case .i386(let hasPAE): SectionSize.order(.i386, pageSize, hasPAE: hasPAE)
    }
  }
}
