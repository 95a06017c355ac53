public import MemoryTypes
internal import PageTables

/// The flags argument of `mremap`.
public struct RemapFlags: OptionSet, Sendable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }
  public static var mayMove: RemapFlags { RemapFlags(rawValue: 1) }
  public static var fixed: RemapFlags { RemapFlags(rawValue: 2) }
  public static var dontUnmap: RemapFlags { RemapFlags(rawValue: 4) }
}

extension AddressSpace {
  /// Gives a mapping another size, and another place when it may move.
  ///
  /// One VMA at a time; `MREMAP_DONTUNMAP`, an old size of 0 and moves over several VMAs belong to the
  /// complete set of calls and are refused as `unsupportedFlag`.
  ///
  /// - Returns: Where it stands afterwards.
  /// - Throws: What the system call refuses. With `.fixed`, what stood at the target may be gone.
  ///
  /// Linux: `do_mremap()`, mm/mremap.c.
  public mutating func mremap(
    _ address: VirtualAddress, oldLength: ByteCount, newLength: ByteCount, _ flags: RemapFlags,
    newAddress: VirtualAddress
  ) throws(MapError) -> VirtualAddress {
    guard flags.isSubset(of: [.mayMove, .fixed, .dontUnmap]), pageSize.isAligned(address) else {
      throw .invalidArgument
    }
    let old = VirtualRange(address, count: pageSize.roundUp(oldLength))
    let length = pageSize.roundUp(newLength)
    guard length > .zero, length.rawValue <= layout.taskSize.rawValue else {
      throw .invalidArgument
    }
    if flags.contains(.dontUnmap) || old.isEmpty { throw .unsupportedFlag }
    if flags.contains(.fixed) {
      return try moveToFixed(old, length, flags, newAddress)
    }
    let vma = try remappedArea(old)
    if length < old.count { try munmap(old.start + length, old.count - length) }
    if length <= old.count { return address }
    return try enlarge(vma, old, to: length, mayMove: flags.contains(.mayMove))
  }

  /// The one VMA that holds the whole old range.
  private func remappedArea(_ old: VirtualRange) throws(MapError) -> Ref<VMA> {
    guard let vma = vmas.vma(at: old.start), old.end > old.start, old.end <= vma.pointee.end else {
      throw .badAddress
    }
    return vma
  }

  /// In place when the mapping ends the VMA and the space above is free, else elsewhere.
  private mutating func enlarge(
    _ vma: Ref<VMA>, _ old: VirtualRange, to length: ByteCount, mayMove: Bool
  ) throws(MapError) -> VirtualAddress {
    try checkGrowth(vma, by: length - old.count)
    let added = VirtualRange(old.end, old.start + length)
    if old.end == vma.pointee.end, added.end > added.start, added.end <= layout.taskSize,
      vmas.vma(in: added) == nil
    {
      try extend(vma, over: added)
      return old.start
    }
    guard mayMove else { throw .outOfMemory }
    let isShared = vma.pointee.flags.contains(.mayShare)
    let target = try place(
      length, at: VirtualAddress(0), isShared ? .shared : [], file: vma.pointee.file,
      fileOffset: pageSize.bytes(
        in: PageCount(
          vma.pointee.file == nil ? 0 : vma.pointee.pageOffset(of: old.start, pageSize))))
    return try move(vma, old, to: VirtualRange(target, count: length))
  }

  /// Linux: `check_prep_vma()`, mm/mremap.c.
  private func checkGrowth(_ vma: Ref<VMA>, by added: ByteCount) throws(MapError) {
    guard vma.pointee.flags.isDisjoint(with: [.dontExpand, .rawFrames]) else { throw .badAddress }
    guard mayLock(vma.pointee.flags, added) else { throw .lockedLimit }
    guard mayExpand(vma.pointee.flags, by: pageSize.pages(in: added)) else { throw .outOfMemory }
  }

  private mutating func extend(_ vma: Ref<VMA>, over added: VirtualRange) throws(MapError) {
    let pages = pageCount(added)
    let flags = vma.pointee.flags
    if flags.contains(.accounted) { try charge(pages) }
    let candidate = MergeCandidate(
      range: added, flags: flags,
      pageOffset: vma.pointee.pageOffset &+ pageCount(vma.pointee.range).rawValue,
      file: vma.pointee.file, opening: vma.pointee.opening, anonVMA: vma.pointee.anonVMA,
      previous: vma, next: vmas.next(vma))
    if mergeNew(candidate) == nil {
      setRange(vma, VirtualRange(vma.pointee.start, added.end))
    }
    account(flags, added: pages)
    if flags.contains(.locked) {
      accounts.locked += pages
      populate(added)
    }
  }

  /// Linux: `mremap_to()`: clears the target, shrinks the source, then moves.
  private mutating func moveToFixed(
    _ old: VirtualRange, _ length: ByteCount, _ flags: RemapFlags, _ newAddress: VirtualAddress
  ) throws(MapError) -> VirtualAddress {
    guard flags.contains(.mayMove), pageSize.isAligned(newAddress),
      newAddress.rawValue <= layout.taskSize.rawValue - length.rawValue
    else { throw .invalidArgument }
    let target = VirtualRange(newAddress, count: length)
    guard !target.overlaps(old) else { throw .invalidArgument }
    // Clearing the target and cutting the source may take two areas more before the move itself.
    guard vmas.count + 2 < limits.maximumVMAs - 3 else { throw .outOfMemory }
    _ = try remappedArea(old)
    try munmap(target.start, length)
    if length < old.count { try munmap(old.start + length, old.count - length) }
    let source = VirtualRange(old.start, count: min(length, old.count))
    let vma = try remappedArea(source)
    if length > old.count { try checkGrowth(vma, by: length - old.count) }
    guard newAddress >= layout.minimumAddress else { throw .notPermitted }
    return try move(vma, source, to: target)
  }

  /// A new area with the old one's content, then the old range is unmapped.
  ///
  /// All that can fail comes first: when it does, the content is where it was, though the area may
  /// be split at the borders of the old range. Linux: `move_vma()`, mm/mremap.c.
  private mutating func move(
    _ vma: Ref<VMA>, _ old: VirtualRange, to target: VirtualRange
  ) throws(MapError) -> VirtualAddress {
    guard vmas.count < limits.maximumVMAs - 3 else { throw .outOfMemory }
    let source = vma.pointee
    let growth = pageCount(target) - pageCount(old)
    let isAccounted = source.flags.contains(.accounted)
    if isAccounted { try charge(growth) }
    do throws(MapError) {
      let removal = try gatherAreas(in: old)
      try copyLeaves(from: old, to: target.start)
      try copyArea(source, old, to: target)
      finishMove(source.flags, removal, to: target)
    } catch {
      if isAccounted { services.pointee.uncharge(growth) }
      throw error
    }
    return target.start
  }

  /// Counts the new area and takes the old one away. The pages went over, and with them the promise.
  private mutating func finishMove(
    _ flags: VMAFlags, _ removal: Removal, to target: VirtualRange
  ) {
    account(flags, added: pageCount(target))
    if flags.contains(.accounted) { services.pointee.recharge(removal.pages) }
    if flags.contains(.locked) { accounts.locked += pageCount(target) }
    batch.add(removal.range)
    tables.unmap(removal.range) { _, _ in }
    removeAreas(removal)
    if flags.contains(.locked) { populate(target) }
  }

  /// Adds the area at the new place. When there is no memory for it, the copied leaves go again.
  ///
  /// Linux: `copy_vma()`, mm/vma.c.
  private mutating func copyArea(
    _ source: VMA, _ old: VirtualRange, to target: VirtualRange
  ) throws(MapError) {
    // Memory that was never touched forgets where it was, so that it can merge at the new place.
    let isUntouched = source.isAnonymous && source.anonVMA == nil
    let offset =
      isUntouched
      ? pageSize.pageNumber(of: target.start) : source.pageOffset(of: old.start, pageSize)
    let candidate = MergeCandidate(
      range: target, flags: source.flags, pageOffset: offset, file: source.file,
      opening: source.opening, anonVMA: source.anonVMA,
      previous: vmas.vma(before: target.start).flatMap { $0.unless(old) },
      next: vmas.vma(atOrAfter: target.start).flatMap { $0.unless(old) })
    guard mergeNew(candidate) == nil else { return }
    do throws(MapError) {
      let copy = try addArea(
        VMA(
          range: target, flags: source.flags, pageOffset: offset, file: source.file,
          opening: source.opening))
      if let family = source.anonVMA { join(copy, family, inherited: source.hasInheritedPages) }
    } catch {
      dropCopies(VirtualRange(target.start, count: old.count))
      throw error
    }
  }

  /// Maps the pages of a range a second time, elsewhere; or none of them when there is no table.
  ///
  /// Linux: `move_page_tables()`, mm/mremap.c.
  private mutating func copyLeaves(
    from old: VirtualRange, to start: VirtualAddress
  ) throws(MapError) {
    var address = old.start
    while address < old.end {
      let copy = start + (address - old.start)
      address = address + pageSize.bytes
      guard let leaf = tables.leaf(at: address - pageSize.bytes) else { continue }
      do { try tables.map(copy, to: leaf.frame, leaf.attributes) } catch {
        dropCopies(VirtualRange(start, copy + pageSize.bytes))
        throw .outOfMemory
      }
    }
  }

  /// Takes back leaves that were copied in vain, with the tables they needed.
  private mutating func dropCopies(_ range: VirtualRange) {
    batch.add(range)
    tables.unmap(range) { _, _ in }
    let floor = vmas.vma(before: range.start)?.pointee.end ?? VirtualAddress(0)
    let ceiling = vmas.vma(atOrAfter: range.start)?.pointee.start ?? layout.taskSize
    tables.freeTables(range, floor: floor, ceiling: ceiling, into: &batch)
  }
}

extension Ref where Object == VMA {
  /// Nil for the area that is about to leave `range`: nothing may merge with it.
  fileprivate func unless(_ range: VirtualRange) -> Ref<VMA>? {
    pointee.range == range ? nil : self
  }
}
