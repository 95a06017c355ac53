internal import Machine
public import MemoryTypes

extension AddressSpace {
  /// Moves the end of the heap.
  ///
  /// - Parameter wanted: The new end, to the byte; anything below the heap's start asks for nothing.
  /// - Returns: The end in force afterwards: the wanted one, or the old one when it was refused. The
  ///   call knows no error.
  ///
  /// Linux: the `brk` system call, mm/mmap.c.
  public mutating func brk(_ wanted: VirtualAddress) -> VirtualAddress {
    guard wanted >= heapStart else { return programBreak }
    let dataBytes = wanted - heapStart
    guard dataBytes <= limits.data else { return programBreak }
    let new = pageSize.roundUp(wanted)
    let old = pageSize.roundUp(programBreak)
    if new == old {
      programBreak = wanted
    } else if wanted <= programBreak {
      shrinkHeap(to: wanted, VirtualRange(new, old))
    } else if (try? growHeap(VirtualRange(old, new))) != nil {
      programBreak = wanted
    }
    return programBreak
  }

  /// Nothing happens when the heap's last page is no longer mapped.
  private mutating func shrinkHeap(to wanted: VirtualAddress, _ range: VirtualRange) {
    guard vmas.vma(in: range) != nil, let removal = try? gatherAreas(in: range) else { return }
    programBreak = wanted
    removeAreas(removal)
  }

  /// Extends the heap's VMA, or begins one.
  ///
  /// Linux: `check_brk_limits()`, `do_brk_flags()`, mm/mmap.c and mm/vma.c.
  private mutating func growHeap(_ range: VirtualRange) throws(MapError) {
    guard range.end > range.start, range.end <= layout.taskSize else { throw .outOfMemory }
    guard mayLock(defaultFlags, range.count) else { throw .lockedLimit }
    guard hasRoomAbove(range) else { throw .outOfMemory }
    let pages = pageCount(range)
    var flags = VMAFlags.dataDefault.union(defaultFlags)
    flags.insert(.accounted)
    if layout.architecture == .arm64, !services.pointee.rules.contains(.heapIsLikeMappings) {
      flags.insert(.tagsAllowed)
    }
    guard mayExpand(flags, by: pages), vmas.count <= limits.maximumVMAs else { throw .outOfMemory }
    try charge(pages)

    let candidate = MergeCandidate(
      range: range, flags: flags, pageOffset: pageSize.pageNumber(of: range.start),
      previous: heapArea(below: range.start), onlyExtendsPrevious: true)
    do {
      if mergeNew(candidate) == nil {
        _ = try addArea(VMA(range: range, flags: flags, pageOffset: candidate.pageOffset))
      }
    } catch {
      services.pointee.uncharge(pages)
      throw error
    }
    account(flags, added: pages)
    if flags.contains(.locked) { accounts.locked += pages }
  }

  /// The VMA that the heap may extend: what ends at or below its start is the program's, not the heap's.
  private func heapArea(below end: VirtualAddress) -> Ref<VMA>? {
    guard let vma = vmas.vma(before: end), vma.pointee.end > heapStart else { return nil }
    return vma
  }

  /// The next VMA, with its guard gap if it is a stack, must begin a page above the new heap.
  private func hasRoomAbove(_ range: VirtualRange) -> Bool {
    guard let next = vmas.vma(atOrAfter: range.start) else { return true }
    return range.end + pageSize.bytes <= next.pointee.startWithGuard(layout.stackGuardGap)
  }
}
