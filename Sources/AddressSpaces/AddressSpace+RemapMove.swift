internal import MemoryTypes

/// The move itself: a new area, the pages over to it, the old range away.
extension AddressSpace {
  /// Moves a part of one area to a free place.
  ///
  /// - Parameter remap: Placed; `vma` holds the old range, or only its start when that is empty.
  /// - Throws: `outOfMemory`; everything is as before then.
  ///
  /// Linux: `move_vma()`, mm/mremap.c.
  mutating func move(_ vma: Ref<VMA>, _ remap: Remapping) throws(MapError) -> VirtualAddress {
    try checkMovable(vma, remap)
    let source = vma.pointee
    let keepsOld = remap.flags.contains(.dontUnmap)
    let growth = keepsOld ? remap.newLength : remap.newLength - remap.oldLength
    let charged = source.flags.contains(.accounted) ? pageSize.pages(in: growth) : .zero
    try charge(charged)
    do throws(MapError) {
      try copyLeaves(from: VirtualRange(remap.start, count: remap.oldLength), to: remap.target)
      try copyArea(source, remap)
    } catch {
      services.pointee.uncharge(charged)
      throw error
    }
    // Both ranges count for a moment only; that must not show in the high-water mark.
    let highWater = accounts.highWaterTotal
    countMoved(source.flags, remap)
    forgetLeaves(VirtualRange(remap.start, count: remap.oldLength))
    if keepsOld { leaveEmpty(remap) } else { removeSource(source.flags, remap) }
    accounts.highWaterTotal = max(highWater, accounts.total)
    populateGrowth(source.flags, remap)
    return remap.target
  }

  /// VMAs to spare, and no cut through what the kernel installed.
  ///
  /// Linux: `prep_move_vma()`, mm/mremap.c; `special_mapping_split()`.
  private func checkMovable(_ vma: Ref<VMA>, _ remap: Remapping) throws(MapError) {
    guard vmas.count < limits.maximumVMAs - 3 else { throw .outOfMemory }
    let old = VirtualRange(remap.start, count: remap.oldLength)
    if vma.pointee.special != .none, old != vma.pointee.range { throw .invalidArgument }
  }

  /// Linux: `vrm_stat_account()`; before 6.17 the end of `move_vma()`, which a kept range does not reach.
  private mutating func countMoved(_ flags: VMAFlags, _ remap: Remapping) {
    let pages = pageSize.pages(in: remap.newLength)
    account(flags, added: pages)
    guard flags.contains(.locked) else { return }
    let isCounted =
      !remap.flags.contains(.dontUnmap) || services.pointee.rules.contains(.countsLocksTwice)
    if isCounted { accounts.locked += pages }
  }

  /// Unmaps the old range, whose pages and promises went over.
  ///
  /// Linux: `unmap_source_vma()`, mm/mremap.c.
  private mutating func removeSource(_ flags: VMAFlags, _ remap: Remapping) {
    let old = VirtualRange(remap.start, count: remap.oldLength)
    guard !old.isEmpty else { return }
    if flags.contains(.accounted) { services.pointee.recharge(pageCount(old)) }
    // Without an object for the rest of the area the old range stays, empty, with its promise.
    guard let removal = try? gatherAreas(in: old) else { return }
    removeAreas(removal)
  }

  /// The old range stays without its pages, unlocked.
  ///
  /// What it counted as locked is never taken back. Linux: `dontunmap_complete()`, mm/mremap.c.
  private mutating func leaveEmpty(_ remap: Remapping) {
    let old = VirtualRange(remap.start, count: remap.oldLength)
    guard var vma = vmas.vma(at: old.start) else { return }
    if vma.pointee.flags.contains(.locked) {
      if !services.pointee.rules.contains(.unlocksWholeSource) { vma = splitOff(old, from: vma) }
      accounts.orphanedLocks += pageCount(vma.pointee.range)
      vma.pointee.flags.subtract([.locked, .lockOnFault])
      if !services.pointee.rules.contains(.countsLocksTwice) {
        accounts.orphanedLocks -= pageCount(old)
      }
    }
    if vma.pointee.range == old { leaveFamily(vma) }
  }

  /// The part of an area as one of its own, as far as there are objects for the splits.
  private mutating func splitOff(_ part: VirtualRange, from vma: Ref<VMA>) -> Ref<VMA> {
    var middle = vma
    if part.start > middle.pointee.start, let upper = try? split(middle, at: part.start) {
      middle = upper
    }
    if part.end < middle.pointee.end { _ = try? split(middle, at: part.end) }
    return middle
  }

  /// The growth of a locked mapping is there at once. Linux: the end of `do_mremap()`.
  private mutating func populateGrowth(_ flags: VMAFlags, _ remap: Remapping) {
    guard flags.contains(.locked), remap.newLength > remap.oldLength else { return }
    populate(VirtualRange(remap.target + remap.oldLength, remap.target + remap.newLength))
  }

  /// A neighbour of the new place, unless it is the source and must not merge with its copy.
  private func neighbour(_ vma: Ref<VMA>?, _ remap: Remapping) -> Ref<VMA>? {
    guard let vma, remap.flags.contains(.dontUnmap), vma.pointee.range.contains(remap.start),
      !services.pointee.rules.contains(.unlocksWholeSource)
    else { return vma }
    return nil
  }

  /// Adds the area at the new place. When there is no memory for it, the copied leaves go again.
  ///
  /// It may merge with the very area that it comes from. Linux: `copy_vma()`, mm/vma.c.
  private mutating func copyArea(_ source: VMA, _ remap: Remapping) throws(MapError) {
    let range = VirtualRange(remap.target, count: remap.newLength)
    // Memory that was never touched forgets where it was, so that it can merge at the new place.
    let isUntouched = source.isAnonymous && source.anonVMA == nil
    let offset =
      isUntouched
      ? pageSize.pageNumber(of: range.start) : source.pageOffset(of: remap.start, pageSize)
    let candidate = MergeCandidate(
      range: range, flags: source.flags, pageOffset: offset, file: source.file,
      opening: source.opening, anonVMA: source.anonVMA, name: source.name,
      previous: neighbour(vmas.vma(before: range.start), remap),
      next: neighbour(vmas.vma(atOrAfter: range.start), remap))
    guard source.special != .none || mergeNew(candidate) == nil else { return }
    do throws(MapError) {
      let copy = try addArea(
        VMA(
          range: range, flags: source.flags, pageOffset: offset, file: source.file,
          opening: source.opening, special: source.special))
      rename(copy, source.name)
      if let family = source.anonVMA { join(copy, family, inherited: source.hasInheritedPages) }
    } catch {
      dropCopies(VirtualRange(range.start, count: remap.oldLength))
      throw error
    }
  }
}
