public import MemoryTypes
internal import PageTables

extension AddressSpace {
  /// Removes all mappings of a range; holes in it are no error.
  ///
  /// - Parameters:
  ///   - start: Page-aligned.
  ///   - length: In bytes, rounded up to whole pages; not 0.
  /// - Throws: `invalidArgument` for a bad range, `notPermitted` for a sealed area, `outOfMemory` when cutting a VMA in the middle would
  ///   exceed the VMA limit. VMAs at the borders may have been split by then.
  ///
  /// O(log n + VMAs and leaves removed). Linux: `do_vmi_munmap()`, mm/vma.c.
  public mutating func munmap(_ start: VirtualAddress, _ length: ByteCount) throws(MapError) {
    let start = layout.untagged(start)
    guard pageSize.isAligned(start), start <= layout.taskSize,
      length.rawValue <= layout.taskSize.rawValue - start.rawValue
    else { throw .invalidArgument }
    let range = VirtualRange(start, count: pageSize.roundUp(length))
    guard !range.isEmpty else { throw .invalidArgument }
    let removal = try gatherAreas(in: range)
    removeAreas(removal)
  }

  /// The VMAs of a range that is to be cleared, once those at its borders are split.
  struct Removal {
    var range: VirtualRange
    var first: Ref<VMA>?
    var pages = PageCount.zero
    var accountedPages = PageCount.zero
  }

  /// Splits what crosses the borders and counts what lies inside.
  ///
  /// - Throws: `outOfMemory`; the splits made so far stay.
  ///
  /// Linux: `vms_gather_munmap_vmas()`, mm/vma.c.
  mutating func gatherAreas(in range: VirtualRange) throws(MapError) -> Removal {
    var removal = Removal(range: range, first: vmas.vma(in: range))
    guard let first = removal.first else { return removal }
    if range.start > first.pointee.start {
      if range.end < first.pointee.end, vmas.count >= limits.maximumVMAs { throw .outOfMemory }
      guard !first.pointee.flags.contains(.sealed) else { throw .notPermitted }
      removal.first = try split(first, at: range.start, ignoringLimit: true)
    }
    var area = removal.first
    while let vma = area, vma.pointee.start < range.end {
      guard !vma.pointee.flags.contains(.sealed) else { throw .notPermitted }
      if vma.pointee.end > range.end { try split(vma, at: range.end, ignoringLimit: true) }
      let pages = pageCount(vma.pointee.range)
      removal.pages += pages
      if vma.pointee.flags.contains(.accounted) { removal.accountedPages += pages }
      area = vmas.next(vma)
    }
    return removal
  }

  /// Unmaps the pages of gathered VMAs, takes back the tables nobody else needs, and frees the VMAs.
  ///
  /// Linux: `vms_complete_munmap_vmas()`, mm/vma.c.
  mutating func removeAreas(_ removal: Removal) {
    guard let first = removal.first else { return }
    let floor = vmas.previous(first)?.pointee.end ?? VirtualAddress(0)
    var area: Ref<VMA>? = first
    while let vma = area, vma.pointee.start < removal.range.end {
      area = vmas.next(vma)
      unmapPages(of: vma, vma.pointee.range)
      removeGuards(of: vma, vma.pointee.range)
      forget(vma)
    }
    let ceiling = area?.pointee.start ?? layout.taskSize
    noteUnmapped(above: floor, below: area?.pointee.start ?? layout.mmapBase)
    tables.freeTables(removal.range, floor: floor, ceiling: ceiling, into: &batch)
  }

  /// Takes a VMA's pages out of the accounts, then the VMA itself away.
  private mutating func forget(_ vma: Ref<VMA>) {
    let pages = pageCount(vma.pointee.range)
    let flags = vma.pointee.flags
    account(flags, removed: pages)
    if flags.contains(.locked) { accounts.locked -= pages }
    if flags.contains(.accounted) { services.pointee.uncharge(pages) }
    removeArea(vma)
  }
}
