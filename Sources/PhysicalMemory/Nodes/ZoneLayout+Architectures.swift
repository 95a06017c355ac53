public import MemoryTypes

extension ZoneLayout {
  /// The zones of an arm64 kernel.
  ///
  /// - Parameters:
  ///   - kinds: Of DMA, DMA32 and Normal, those the kernel was built with.
  ///   - startOfDRAM: Memory that starts above 4 GiB is DMA memory as a whole.
  ///   - deviceEnd: The end of what the most limited device of the firmware's tables reaches. Memory
  ///     below 4 GiB is never left out of DMA for a wider one.
  ///
  /// DMA32 ends at 4 GiB, so it is empty unless a device reaches less.
  /// Linux: `zone_sizes_init()`, `max_zone_phys()`, arch/arm64/mm/init.c.
  public static func arm64(
    pageSize: PageSize, kinds: ZoneKinds, startOfDRAM: PhysicalAddress,
    deviceEnd: PhysicalAddress = PhysicalAddress(.max)
  ) -> ZoneLayout {
    func limit(_ wanted: UInt64) -> PhysicalAddress {
      if startOfDRAM.rawValue >= fourGiB { return PhysicalAddress(.max) }
      return PhysicalAddress(startOfDRAM.rawValue >= wanted ? fourGiB : wanted)
    }
    return ZoneLayout(
      pageSize: pageSize, kinds: kinds, dmaEnd: limit(min(deviceEnd.rawValue, fourGiB)),
      dma32End: limit(fourGiB))
  }

  /// The zones of an x86-64 kernel: DMA to 16 MiB, DMA32 to 4 GiB, Normal.
  /// Linux: `zone_sizes_init()`, arch/x86/mm/init.c.
  public static var x86: ZoneLayout {
    ZoneLayout(
      pageSize: .size4K, kinds: [.dma, .dma32, .normal, .movable],
      dmaEnd: PhysicalAddress(16 << 20), dma32End: PhysicalAddress(fourGiB))
  }

  /// The zones of an i386 kernel: DMA to 16 MiB, Normal as far as the kernel maps, HighMem.
  /// Linux: `zone_sizes_init()`, arch/x86/mm/init.c.
  public static func i386(_ map: LowMemoryMap) -> ZoneLayout {
    ZoneLayout(
      pageSize: .size4K, kinds: [.dma, .normal, .highMemory, .movable],
      dmaEnd: PhysicalAddress(16 << 20), lowMemoryEnd: map.end)
  }

  private static var fourGiB: UInt64 { 1 << 32 }
}

/// How much memory an i386 kernel maps for good: what its gigabyte has left when the areas at its
/// end and those of vmalloc are taken off.
///
///     3 GiB                                                                     4 GiB
///       | memory mapped for good | vmalloc | kmap | LDT | CPU entry areas | fixmap |
///
/// Every border is rounded down to what one entry of a page directory maps, 2 MiB with PAE and
/// 4 MiB without, so the two differ. Linux: `MAXMEM`, arch/x86/include/asm/pgtable_32_areas.h.
public struct LowMemoryMap: Hashable, Sendable {
  public var hasPAE: Bool
  /// What is kept free for vmalloc. Linux: `vmalloc=`, `__VMALLOC_RESERVE`.
  public var vmallocReserve: UInt32
  /// Where the entry areas of all processors the kernel was built for begin, rounded down to 4 MiB;
  /// 0xff40_0000 in kernels for 32 of them. Linux: `CPU_ENTRY_AREA_BASE`.
  public var entryAreas: UInt32

  public init(hasPAE: Bool, vmallocReserve: UInt32 = 128 << 20, entryAreas: UInt32 = 0xff40_0000) {
    self.hasPAE = hasPAE
    self.vmallocReserve = vmallocReserve
    self.entryAreas = entryAreas
  }

  /// Where memory stops being mapped for good; at least one page.
  public var end: PhysicalAddress {
    let page: UInt32 = 4096
    let mask: UInt32 = hasPAE ? ~((2 << 20) - 1) : ~((4 << 20) - 1)
    let localTables = (entryAreas &- page) & mask
    let kmap = (localTables &- page) & mask
    let vmallocEnd = kmap &- 2 &* page
    let room = vmallocEnd &- 0xC000_0000
    let isTooMuch = room < page || vmallocReserve > room - page
    return PhysicalAddress(UInt64(isTooMuch ? page : room - vmallocReserve))
  }
}
