public import MemoryTypes

/// The effects that the memory manager asks of a machine: all of them, and nothing else.
///
/// Bare metal implements them with registers and instructions, `SimulatedHardware` with a model.
/// A conforming type is a copyable handle; each call speaks for the processor it runs on.
/// Descriptors themselves are ordinary memory, written through the direct map; what makes the
/// hardware see them is `publishTables()` for new entries and an invalidation for changed ones.
public protocol Hardware {
  /// All of RAM. The same value at every call.
  var directMap: DirectMap { get }

  /// The number of the processor that runs this code, from 0.
  var processorIndex: Int { get }

  /// Translates from now on by the tables under `root`; entries cached for other ASIDs stay.
  ///
  /// arm64: TTBR0_EL1. x86: CR3. Linux: `switch_mm()`.
  func loadRoot(_ root: PageFrameNumber, asid: ASID)

  /// Makes every descriptor written before visible to table walks that start after.
  ///
  /// arm64: `dsb ishst; isb`. x86: nothing, as its walks are ordered.
  func publishTables()

  /// Forgets the translation of the page that holds `address`, on all processors, in all levels
  /// of caching. Global translations of that page go too. Linux: `flush_tlb_page()`.
  func invalidate(_ address: VirtualAddress, asid: ASID)

  /// Forgets the translations of all pages of `range`, as `invalidate(_:asid:)` of each would; or of
  /// more, where that is faster. Linux: `flush_tlb_range()`.
  ///
  /// - Parameter range: whole pages, at least one.
  func invalidate(_ range: VirtualRange, asid: ASID)

  /// Forgets all translations of `asid` that are not global, on all processors.
  /// Linux: `flush_tlb_mm()`.
  func invalidate(asid: ASID)

  /// Forgets everything, global translations too, on all processors. Linux: `flush_tlb_all()`.
  func invalidateAll()

  /// Lets another processor have the core while a lock is awaited. Linux: `cpu_relax()`.
  func pause()
}

extension Hardware {
  /// Page by page, or above `limit` pages the whole address space.
  ///
  /// x86 Linux takes 33 (`tlb_single_page_flush_ceiling`, arch/x86/mm/tlb.c), arm64 Linux without
  /// FEAT_TLBIRANGE one less than the entries of a table (`MAX_DVM_OPS`, asm/tlbflush.h).
  public func invalidateByPage(_ range: VirtualRange, asid: ASID, limit: UInt = 33) {
    let pageSize = directMap.pageSize
    let pages = range.count.rawValue >> UInt(pageSize.shift)
    guard pages <= limit else { return invalidate(asid: asid) }
    var address = range.start
    for _ in 0..<pages {
      invalidate(address, asid: asid)
      address = address + pageSize.bytes
    }
  }
}
