internal import KernelHeap
internal import Machine
internal import MemoryTypes

/// The area itself: what stands in its place goes, the accounts are asked, and it joins its neighbours or is
/// added.
extension AddressSpace {
  /// Clears the range, checks the accounts, and joins the new area to its neighbours or adds it.
  ///
  /// - Parameter pageOffset: For a file; nil for anonymous memory, which counts by address (private) or
  ///   from 0 (shared).
  ///
  /// Linux: `__mmap_region()`, mm/vma.c.
  mutating func mapArea(
    _ range: VirtualRange, _ given: VMAFlags, file givenFile: Ref<MappedFile>?,
    opening: UInt32 = 0, pageOffset: UInt?
  ) throws(MapError) -> VirtualAddress {
    guard services.pointee.rules.contains(.checksBeforeReplacing) else {
      return try replaceArea(
        range, given, file: givenFile, opening: opening, pageOffset: pageOffset)
    }
    var flags = given
    let pages = pageCount(range)
    let removal = try gatherAreas(in: range)
    guard mayExpand(flags, by: pages - removal.pages) else { throw .outOfMemory }
    let charged = flags.isAccountable ? pages - removal.accountedPages : .zero
    try charge(charged)
    if flags.isAccountable { flags.insert(.accounted) }
    do throws(MapError) {
      let file =
        if let givenFile { givenFile } else { try sharedMemoryFile(flags, range.count, removal) }
      // The area holds the file by itself from here on.
      defer { if givenFile == nil, let file { services.release(file) } }
      let offset = pageOffset ?? (file == nil ? pageSize.pageNumber(of: range.start) : 0)
      let area = VMA(
        range: range, flags: flags, pageOffset: offset, file: file, opening: opening)
      try install(area, removal)
    } catch {
      services.pointee.uncharge(charged)
      throw error
    }
    account(flags, added: pages)
    if flags.contains(.locked) { accounts.locked += pages }
    return range.start
  }

  /// The same as kernels before 6.12 did it: what stands there is gone before the promise is asked for.
  ///
  /// Linux: `mmap_region()`, mm/mmap.c.
  private mutating func replaceArea(
    _ range: VirtualRange, _ given: VMAFlags, file givenFile: Ref<MappedFile>?, opening: UInt32,
    pageOffset: UInt?
  ) throws(MapError) -> VirtualAddress {
    var flags = given
    let pages = pageCount(range)
    guard mayExpand(flags, by: pages - mappedPages(in: range)) else { throw .outOfMemory }
    do { try removeAreas(gatherAreas(in: range)) } catch { throw .outOfMemory }
    let charged = flags.isAccountable ? pages : .zero
    try charge(charged)
    if flags.isAccountable { flags.insert(.accounted) }
    do throws(MapError) {
      let file =
        if let givenFile { givenFile } else {
          try sharedMemoryFile(flags, range.count, Removal(range: range))
        }
      defer { if givenFile == nil, let file { services.release(file) } }
      let offset = pageOffset ?? (file == nil ? pageSize.pageNumber(of: range.start) : 0)
      try install(
        VMA(range: range, flags: flags, pageOffset: offset, file: file, opening: opening),
        Removal(range: range))
    } catch {
      services.pointee.uncharge(charged)
      throw error
    }
    account(flags, added: pages)
    if flags.contains(.locked) { accounts.locked += pages }
    return range.start
  }

  /// Linux: `count_vma_pages_range()`, mm/mmap.c.
  private func mappedPages(in range: VirtualRange) -> PageCount {
    var pages = PageCount.zero
    var area = vmas.vma(in: range)
    while let vma = area, vma.pointee.start < range.end {
      let part = VirtualRange(
        max(range.start, vma.pointee.start), min(range.end, vma.pointee.end))
      pages += pageCount(part)
      area = vmas.next(vma)
    }
    return pages
  }

  /// The unnamed file that shared anonymous memory is a mapping of.
  ///
  /// It is made when the range is clear already: where it is refused, a gap stays.
  /// Linux: `shmem_zero_setup()`, `vms_abort_munmap_vmas()`, mm/vma.h.
  private mutating func sharedMemoryFile(
    _ flags: VMAFlags, _ length: ByteCount, _ removal: Removal
  ) throws(MapError) -> Ref<MappedFile>? {
    guard flags.contains(.shared) else { return nil }
    let pages = flags.contains(.noReserve) ? .zero : pageSize.pages(in: length)
    do throws(MapError) { try services.pointee.charge(pages) } catch {
      removeAreas(removal)
      throw error
    }
    services.pointee.uncharge(pages)
    return try services.makeSharedMemory(length, isReserved: pages > .zero, pageSize)
  }

  /// Puts the new area in the place of those to be removed; merged with a neighbour if it can be.
  ///
  /// - Throws: `outOfMemory`; nothing has been removed then. Or what the file says to the mapping: what
  ///   stood in the range is gone then.
  private mutating func install(_ area: VMA, _ removal: Removal) throws(MapError) {
    // Where something is to be removed the object is made first: afterwards there is no way back.
    let spare = removal.first == nil ? nil : try makeArea(area)
    removeAreas(removal)
    do throws(MapError) { try askFile(area) } catch {
      if let spare { services.pointee.vmas.free(spare) }
      throw error
    }
    // What the removed areas had promised goes over to the new one without being asked for again.
    if area.flags.contains(.accounted) { services.pointee.recharge(removal.accountedPages) }
    let candidate = MergeCandidate(
      range: area.range, flags: area.flags, pageOffset: area.pageOffset, file: area.file,
      opening: area.opening,
      previous: vmas.vma(before: area.start), next: vmas.vma(atOrAfter: area.start),
      prefersNext: !services.pointee.rules.contains(.previousMergesFirst))
    if mergeNew(candidate) != nil {
      if let spare { services.pointee.vmas.free(spare) }
    } else if let spare {
      insertArea(spare)
    } else {
      _ = try addArea(area)
    }
  }

  /// Lets the file agree to a mapping whose place is free already. No file here is memory that stays
  /// when power goes, which `MAP_SYNC` asks for, and no huge pages are reserved.
  ///
  /// Linux: `call_mmap()`: `ext4_file_mmap()`, `hugetlbfs_file_mmap()`, `shmem_mmap()`.
  private func askFile(_ area: VMA) throws(MapError) {
    guard let file = area.file else { return }
    switch file.pointee.kind {
    case .regular: if area.flags.contains(.synchronous) { throw .unsupportedFlag }
    case .hugePages: try askForHugePages(area, file)
    case .sharedMemory:
      let writes = area.flags.isSuperset(of: [.shared, .write])
      if writes, !file.pointee.seals.isDisjoint(with: .againstMappings) { throw .notPermitted }
    case .device, .unmappable: break
    }
  }
}
