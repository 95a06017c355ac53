public import MemoryTypes

extension MMU {
  /// A walk from the root that `address` belongs to; changes nothing, and no cache helps.
  public func walkTables(_ address: VirtualAddress) -> TranslationWalk {
    let isHigh = isInHighHalf(address)
    guard let start = isHigh ? highRoot : root else { return .outsideAnyTable }
    return isHigh
      ? highFormat.walk(address, from: start, in: memory)
      : format.walk(address, from: start, in: memory)
  }

  /// arm64 chooses the half by bit 55 (D8.2.4); where one root serves all, it is the low one.
  @inline(__always)
  func isInHighHalf(_ address: VirtualAddress) -> Bool {
    format.hasHighRoot && address.rawValue >> 55 & 1 != 0
  }

  /// The slow path: walks, marks the leaf, fills the TLBs; or says why not.
  @inline(never)
  mutating func walkAndFill(
    _ address: VirtualAddress, _ access: MemoryAccess, _ privilege: Privilege
  ) throws(MMUFault) -> PhysicalAddress {
    let isHigh = isInHighHalf(address)
    var trail = WalkTrail()
    let walk = cachedWalk(address, isHigh: isHigh, &trail)
    let cycles = price(trail)
    var fault = faultKind(of: walk.outcome)
    var rights: UInt64 = 0
    if fault == nil {
      rights = isHigh ? self.rights(of: walk, highFormat) : self.rights(of: walk, format)
      // arm64 looks at the access flag before permissions (D8.15.4, the order of MMU faults).
      fault = unusedFault(walk, isHigh: isHigh)
      if fault == nil {
        fault =
          rights & self.rights(access, privilege) == 0
          ? .permission : mark(walk, access, isHigh: isHigh)
      }
    }
    cacheTables(address, trail, isHigh: isHigh, leadsToLeaf: walk.outcome == .leaf)
    if let fault {
      tlb.count(shift: 0, walk.references, cycles)
      faults &+= 1
      throw MMUFault(
        fault, level: walk.outcome == .nonCanonical ? .p4d : walk.level, access: access,
        privilege: privilege, address: address)
    }
    let leaf = leaf(address, walk, rights, isWrite: access == .write, isHigh: isHigh)
    tlb.count(shift: Int(leaf.leafShift), walk.references, cycles)
    tlb.fill(address, leaf, isFetch: access == .execute)
    let offset = (1 as UInt64) << UInt64(leaf.shift) &- 1
    return PhysicalAddress(leaf.physical.rawValue | UInt64(address.rawValue) & offset)
  }

  /// A walk from the lowest table that the walk caches know.
  private mutating func cachedWalk(
    _ address: VirtualAddress, isHigh: Bool, _ trail: inout WalkTrail
  ) -> TranslationWalk {
    guard let root = isHigh ? highRoot : root else { return .outsideAnyTable }
    let start = tlb.walkCaches.start(address, asid)
    return isHigh
      ? highFormat.walk(address, from: root, start, in: memory, &trail)
      : format.walk(address, from: root, start, in: memory, &trail)
  }

  private func faultKind(of outcome: TranslationWalk.Outcome) -> MMUFault.Kind? {
    switch outcome {
    case .leaf: nil
    case .inaccessible, .empty, .software: .translation
    case .malformed: format.malformedFault
    case .reserved: format.reservedFault
    case .noMemory: .tableAbort
    // arm64 has no such fault: outside of both halves nothing is mapped.
    case .nonCanonical: format.hasHighRoot ? .translation : .nonCanonical
    }
  }

  /// The fault that asks software to mark a leaf as used.
  private func unusedFault(_ walk: TranslationWalk, isHigh: Bool) -> MMUFault.Kind? {
    let accessed = isHigh ? highFormat.bits.accessed : format.bits.accessed
    return walk.descriptor & accessed == 0 && !control.contains(.marksAccessed)
      ? .accessFlag : nil
  }

  /// Marks the leaf as used; or says which fault asks software to do it.
  private func mark(
    _ walk: TranslationWalk, _ access: MemoryAccess, isHigh: Bool
  ) -> MMUFault.Kind? {
    isHigh
      ? mark(walk, access, highFormat)
      : mark(walk, access, format)
  }

  private func mark(
    _ walk: TranslationWalk, _ access: MemoryAccess, _ format: borrowing TranslationFormat
  ) -> MMUFault.Kind? {
    let marked = format.marking(walk.descriptor, isWrite: access == .write)
    guard marked != walk.descriptor else { return nil }
    let used = format.marking(walk.descriptor, isWrite: false)
    if marked != used, !control.contains(.marksDirty) { return .permission }
    format.store(marked, at: walk.entry, in: memory)
    return nil
  }

  /// The cycles of the references that a walk made.
  private func price(_ trail: WalkTrail) -> UInt64 {
    guard !trail.isEmpty else { return 0 }
    var cycles: UInt64 = 0
    var level = trail.top
    while true {
      cycles &+= tlb.caches.read(trail[level].entry)
      if level == trail.bottom { return cycles &+ tlb.secondLatency }
      level = level.below
    }
  }

  /// Notes the pointers to tables that the walk met. The last step is none.
  private mutating func cacheTables(
    _ address: VirtualAddress, _ trail: WalkTrail, isHigh: Bool, leadsToLeaf: Bool
  ) {
    guard leadsToLeaf, tlb.walkCaches.pmd.ways > 0 else { return }
    var level = trail.top
    while level > trail.bottom {
      let step = trail[level]
      let table =
        isHigh
        ? highFormat.blockAddress(in: step.descriptor, at: .pte)
        : format.blockAddress(in: step.descriptor, at: .pte)
      let shift = isHigh ? highFormat.shift(of: level) : format.shift(of: level)
      tlb.walkCaches.insert(address, level, shift: shift, table, limits: step.limits, asid)
      level = level.below
    }
  }
}

extension TranslationWalk {
  /// A walk that found no table to start from.
  static var outsideAnyTable: TranslationWalk {
    TranslationWalk(
      outcome: .empty, level: .p4d, entry: PhysicalAddress(0), descriptor: 0, common: ~0, union: 0,
      references: 0)
  }
}

extension TranslationFormat {
  /// A walk from `start`, else from the root, that leaves its `trail`.
  fileprivate func walk(
    _ address: VirtualAddress, from root: PageFrameNumber, _ start: WalkStart?,
    in memory: DirectMap, _ trail: inout WalkTrail
  ) -> TranslationWalk {
    let limits = start?.limits ?? 0
    let table = start.map { pageSize.frame(of: $0.table) } ?? root
    var walk = walk(address, from: table, at: start?.level, in: memory) { walk in
      trail.append(walk, limits: WalkLimits.limits(walk, bits) | limits)
    }
    WalkLimits.apply(limits, to: &walk, bits)
    return walk
  }
}

extension TLBHierarchy {
  fileprivate func count(shift: Int, _ references: UInt8, _ cycles: UInt64) {
    let counts = unsafe walkCounts + shift
    unsafe counts.pointee.walks &+= 1
    unsafe counts.pointee.references &+= UInt64(references)
    unsafe counts.pointee.cycles &+= cycles
  }
}
