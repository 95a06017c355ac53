internal import MemoryTypes

/// What `mremap` refuses, in the kernel's order.
extension AddressSpace {
  /// All that can be said without looking at an area.
  ///
  /// Linux: `check_mremap_params()`, mm/mremap.c, from 6.17 on.
  func checkArguments(_ remap: Remapping) throws(MapError) {
    guard remap.flags.isSubset(of: .known), pageSize.isAligned(remap.start),
      remap.newLength > .zero, remap.newLength.rawValue <= layout.taskSize.rawValue
    else { throw .invalidArgument }
    guard remap.hasTarget else { return }
    guard remap.flags.contains(.mayMove) else { throw .invalidArgument }
    if remap.flags.contains(.dontUnmap), remap.oldLength != remap.newLength {
      throw .invalidArgument
    }
    try checkTarget(remap)
  }

  /// Flags and lengths; the target waits until the area is found.
  ///
  /// Linux: the begin of the `mremap` system call, mm/mremap.c, before 6.17.
  func checkFlags(_ remap: Remapping) throws(MapError) {
    guard remap.flags.isSubset(of: .known), !remap.hasTarget || remap.flags.contains(.mayMove),
      pageSize.isAligned(remap.start), remap.newLength > .zero
    else { throw .invalidArgument }
  }

  /// A place that the caller names: aligned, inside the space, off the source, and VMAs to spare: the
  /// borders of source and target may take two more before the move needs its own.
  ///
  /// Linux: `check_mremap_params()`; before 6.17 `mremap_to()`.
  func checkTarget(_ remap: Remapping) throws(MapError) {
    guard remap.newLength.rawValue <= layout.taskSize.rawValue,
      remap.target.rawValue <= layout.taskSize.rawValue - remap.newLength.rawValue,
      pageSize.isAligned(remap.target), !remap.overlapsTarget
    else { throw .invalidArgument }
    guard vmas.count + 2 < limits.maximumVMAs - 3 else { throw .outOfMemory }
  }

  /// The VMA at the start of the range, which no seal protects.
  func remappedArea(_ remap: Remapping) throws(MapError) -> Ref<VMA> {
    guard let vma = vmas.vma(at: remap.start) else { throw .badAddress }
    guard !vma.pointee.flags.contains(.sealed) else { throw .notPermitted }
    return vma
  }

  /// The same in whole huge pages, where the area consists of them; such areas do not grow.
  ///
  /// Linux: `align_hugetlb()`, mm/mremap.c.
  func inWholeBlocks(_ remap: Remapping, _ area: VMA) throws(MapError) -> Remapping {
    guard area.flags.contains(.hugeTLB), let file = area.file else { return remap }
    let mask = file.pointee.blockSize.rawValue &- 1
    var whole = remap
    whole.oldLength = ByteCount((remap.oldLength.rawValue &+ mask) & ~mask)
    whole.newLength = ByteCount((remap.newLength.rawValue &+ mask) & ~mask)
    guard (remap.start.rawValue | remap.target.rawValue) & mask == 0,
      whole.newLength <= whole.oldLength
    else { throw .invalidArgument }
    return whole
  }

  /// Whether the area can move or grow as asked.
  ///
  /// Linux: `check_prep_vma()`; before 6.17 `vma_to_resize()`.
  func checkArea(_ vma: Ref<VMA>, _ remap: Remapping) throws(MapError) {
    let area = vma.pointee
    // A private mapping has nothing that a second one could show.
    if remap.oldLength == .zero, area.flags.isDisjoint(with: [.shared, .mayShare]) {
      throw .invalidArgument
    }
    let cannotGrow = area.special != .none || !area.flags.isDisjoint(with: .unexpandable)
    if remap.flags.contains(.dontUnmap), cannotGrow { throw .invalidArgument }
    // What a shrinking mapping loses may lie in other areas.
    guard min(remap.oldLength, remap.newLength) <= area.end - remap.start else {
      throw .badAddress
    }
    guard remap.newLength > remap.oldLength else { return }
    guard remap.oldLength <= area.end - remap.start else { throw .badAddress }
    let first = area.pageOffset(of: remap.start, pageSize)
    guard canCount(pageSize.pages(in: remap.newLength), from: first) else {
      throw .invalidArgument
    }
    if cannotGrow { throw .badAddress }
    let added = remap.newLength - remap.oldLength
    guard mayLock(area.flags, added) else { throw .lockedLimit }
    guard mayExpand(area.flags, by: pageSize.pages(in: added)) else { throw .outOfMemory }
  }
}

extension RemapFlags {
  fileprivate static var known: RemapFlags { [.mayMove, .fixed, .dontUnmap] }
}

extension VMAFlags {
  /// Linux: `VM_DONTEXPAND | VM_PFNMAP`.
  fileprivate static var unexpandable: VMAFlags { [.dontExpand, .rawFrames] }
}
