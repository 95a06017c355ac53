public import MemoryTypes

extension MMU {
  /// The first address that a TLB or walk cache translates for the current address space as the
  /// tables no longer do, or allows what they do not; nil if every entry is still true.
  ///
  /// This is how a forgotten invalidation shows. Entries of other ASIDs are not judged.
  /// - Complexity: one walk per page of each entry; nothing is counted or changed.
  public func firstStaleTranslation() -> VirtualAddress? {
    firstStale(tlb.data) ?? firstStale(tlb.instruction) ?? firstStale(tlb.second)
      ?? firstStale(tlb.secondInstruction) ?? firstStalePointer(tlb.walkCaches.pmd, .pmd)
      ?? firstStalePointer(tlb.walkCaches.pud, .pud)
      ?? firstStalePointer(tlb.walkCaches.p4d, .p4d)
  }

  private func firstStale(_ level: borrowing TLBLevel) -> VirtualAddress? {
    firstStale(level.small) ?? firstStale(level.large) ?? firstStale(level.huge)
  }

  private func firstStale(_ tlb: borrowing TLB) -> VirtualAddress? {
    for index in 0..<tlb.entryCount {
      let entry = unsafe tlb.entries[index]
      guard entry.tag != 0, (entry.asid ^ asid.rawValue) & entry.asidMask == 0 else { continue }
      if let address = firstUntruth(in: entry) { return address }
    }
    return nil
  }

  /// Goes through the pages of the entry, as large as the tables have them now.
  private func firstUntruth(in entry: TLBEntry) -> VirtualAddress? {
    let size = (1 as UInt) << entry.shift
    var offset: UInt = 0
    while offset < size {
      let address = VirtualAddress(entry.start.rawValue &+ offset)
      let walk = walkTables(address)
      guard isTrue(entry, at: address, walk) else { return address }
      let format = format(isHigh: isInHighHalf(address))
      let span = format.pointee.span(of: walk.level).rawValue
      offset = (offset | (span &- 1)) &+ 1
    }
    return nil
  }

  private func isTrue(
    _ entry: TLBEntry, at address: VirtualAddress, _ walk: TranslationWalk
  ) -> Bool {
    guard walk.outcome == .leaf else { return false }
    let format = format(isHigh: isInHighHalf(address))
    let inside = UInt64(format.pointee.span(of: walk.level).rawValue) &- 1
    let block = format.pointee.blockAddress(in: walk.descriptor, at: walk.level).rawValue
    let physical = block | UInt64(address.rawValue) & inside
    guard physical == entry.physical(of: address).rawValue else { return false }
    return entry.frame & AccessRights.mask & ~rights(of: walk, format) == 0
  }

  private func firstStalePointer(
    _ tlb: borrowing TLB, _ level: TranslationLevel
  ) -> VirtualAddress? {
    for index in 0..<tlb.entryCount {
      let entry = unsafe tlb.entries[index]
      guard entry.tag != 0, entry.asid == asid.rawValue else { continue }
      if pointer(for: entry.start, at: level) != entry.frame { return entry.start }
    }
    return nil
  }

  /// What a walk cache would hold now about the entry of `level`; 0 if it points to no table.
  private func pointer(for address: VirtualAddress, at level: TranslationLevel) -> UInt64 {
    let isHigh = isInHighHalf(address)
    guard let root = isHigh ? highRoot : root else { return 0 }
    let format = format(isHigh: isHigh)
    let walk = format.pointee.walk(address, from: root, downTo: level, in: memory)
    guard walk.level == level, format.pointee.kind(of: walk.descriptor, at: level) == .table
    else { return 0 }
    let table = format.pointee.blockAddress(in: walk.descriptor, at: .pte).rawValue
    // One level deeper, for what this pointer itself takes away.
    let below = format.pointee.walk(address, from: root, downTo: level.below, in: memory)
    return table | WalkLimits.limits(below, format)
  }
}
