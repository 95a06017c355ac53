public import MemoryTypes

extension MMU {
  /// A walk from the root that `address` belongs to; changes nothing, and no cache helps.
  public func walkTables(_ address: VirtualAddress) -> TranslationWalk {
    let address = untagged(address)
    let isHigh = isInHighHalf(address)
    guard let start = isHigh ? highRoot : root else { return .outsideAnyTable }
    return format(isHigh: isHigh).pointee.walk(address, from: start, in: memory)
  }

  /// arm64 chooses the half by bit 55 (D8.2.4); where one root serves all, it is the low one.
  @inline(__always)
  func isInHighHalf(_ address: VirtualAddress) -> Bool {
    hasHighRoot && address.rawValue >> 55 & 1 != 0
  }

  /// The slow path: walks, marks the leaf, fills the TLBs; or says why not.
  @inline(never)
  mutating func walkAndFill(
    _ address: VirtualAddress, _ access: MemoryAccess, _ privilege: Privilege
  ) throws(MMUFault) -> PhysicalAddress {
    let isHigh = isInHighHalf(address)
    let format = format(isHigh: isHigh)
    var trail = WalkTrail()
    let walk = cachedWalk(address, isHigh: isHigh, format, &trail)
    let cycles = price(&trail)
    var fault = faultKind(of: walk.outcome, format)
    var rights: UInt64 = 0
    if fault == nil {
      rights = Self.rights(of: walk, format, control)
      // arm64 looks at the access flag before permissions (D8.15, the order of MMU faults).
      fault = unusedFault(walk, format)
      if fault == nil {
        fault =
          rights & self.rights(access, privilege) == 0 ? .permission : mark(walk, access, format)
      }
    }
    if walk.outcome == .leaf { cacheTables(address, &trail, format) }
    if let fault {
      tlb.count(shift: 0, walk.references, cycles)
      faults &+= 1
      throw MMUFault(
        fault, level: walk.outcome == .nonCanonical ? .p4d : walk.level, access: access,
        privilege: privilege, address: address)
    }
    let leaf = leaf(address, walk, rights, isWrite: access == .write, format)
    tlb.count(shift: Int(leaf.leafShift), walk.references, cycles)
    tlb.fill(address, leaf, isFetch: access == .execute)
    let offset = (1 as UInt64) << UInt64(leaf.shift) &- 1
    return PhysicalAddress(leaf.physical.rawValue | UInt64(address.rawValue) & offset)
  }

  /// A walk from the lowest table that the walk caches know, else from the root.
  @inline(__always)
  private mutating func cachedWalk(
    _ address: VirtualAddress, isHigh: Bool, _ format: Ref<TranslationFormat>,
    _ trail: inout WalkTrail
  ) -> TranslationWalk {
    guard let root = isHigh ? highRoot : root else { return .outsideAnyTable }
    let start = tlb.walkCaches.start(address, asid)
    let limits = start?.limits ?? 0
    let table = start.map { format.pointee.pageSize.frame(of: $0.table) } ?? root
    var walk = format.pointee.walker.walk(
      address, from: table, at: start?.level, in: memory
    ) { walk in trail.append(walk, limits: WalkLimits.limits(walk, format) | limits) }
    if !walk.isSettled {
      Self.settle(&walk, address, from: table, in: memory, limits, format, &trail)
    }
    WalkLimits.apply(limits, to: &walk, format)
    return walk
  }

  /// Apart, so that the format is not copied where it is not needed.
  @inline(never)
  private static func settle(
    _ walk: inout TranslationWalk, _ address: VirtualAddress, from table: PageFrameNumber,
    in memory: DirectMap, _ limits: UInt64, _ format: Ref<TranslationFormat>,
    _ trail: inout WalkTrail
  ) {
    walk = format.pointee.settled(walk, address, from: table, downTo: .pte, in: memory) { walk in
      trail.append(walk, limits: WalkLimits.limits(walk, format) | limits)
    }
  }

  private func faultKind(
    of outcome: TranslationWalk.Outcome, _ format: Ref<TranslationFormat>
  ) -> MMUFault.Kind? {
    switch outcome {
    case .leaf: nil
    case .inaccessible, .empty, .software: .translation
    case .malformed: format.pointee.malformedFault
    case .reserved: format.pointee.reservedFault
    case .noMemory: .tableAbort
    // arm64 has no such fault: outside of both halves nothing is mapped.
    case .nonCanonical: hasHighRoot ? .translation : .nonCanonical
    }
  }

  /// The fault that asks software to mark a leaf as used.
  @inline(__always)
  private func unusedFault(
    _ walk: TranslationWalk, _ format: Ref<TranslationFormat>
  ) -> MMUFault.Kind? {
    walk.descriptor & format.pointee.bits.accessed == 0 && !control.contains(.marksAccessed)
      ? .accessFlag : nil
  }

  /// Marks the leaf; or says which fault asks software to do it.
  @inline(__always)
  private func mark(
    _ walk: TranslationWalk, _ access: MemoryAccess, _ format: Ref<TranslationFormat>
  ) -> MMUFault.Kind? {
    let marked = format.pointee.marking(walk.descriptor, isWrite: access == .write)
    guard marked != walk.descriptor else { return nil }
    let used = format.pointee.marking(walk.descriptor, isWrite: false)
    if marked != used, !control.contains(.marksDirty) { return .permission }
    format.pointee.store(marked, at: walk.entry, in: memory)
    return nil
  }

  /// The cycles of the references that a walk made.
  @inline(__always)
  private func price(_ trail: inout WalkTrail) -> UInt64 {
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
  @inline(__always)
  private mutating func cacheTables(
    _ address: VirtualAddress, _ trail: inout WalkTrail, _ format: Ref<TranslationFormat>
  ) {
    guard tlb.walkCaches.pmd.ways > 0 else { return }
    var level = trail.top
    while level > trail.bottom {
      let step = trail[level]
      let table = format.pointee.blockAddress(in: step.descriptor, at: .pte)
      tlb.walkCaches.insert(
        address, level, shift: format.pointee.shift(of: level), table, limits: step.limits, asid)
      level = level.below
    }
  }
}

extension TranslationWalk {
  /// A walk that found no table to start from.
  static var outsideAnyTable: TranslationWalk {
    TranslationWalk(startingAt: .p4d).ended(.empty)
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
