public import MemoryTypes

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
  /// ```
  ///                       no flag        .mayMove          .fixed                  .dontUnmap
  ///   smaller             cut            cut               cut, then moved         refused
  ///   the same size       nothing        nothing           moved, all areas of it  moved; the old range
  ///   larger              in place, or   in place, or      moved                   stays, empty
  ///                       ENOMEM         moved
  ///   old length 0        ENOMEM         a second mapping of shared memory         refused
  /// ```
  /// - Parameters:
  ///   - address: Page-aligned; a tag is ignored where the architecture has tags.
  ///   - oldLength: In bytes, rounded up. 0 asks for a second mapping of shared memory.
  ///   - newLength: In bytes, rounded up; not 0.
  ///   - newAddress: The place with `.fixed`, a hint with `.dontUnmap`; else ignored.
  /// - Returns: Where it stands afterwards.
  /// - Throws: What the system call refuses, in its order of checks. With `.fixed`, what stood at the
  ///   target may be gone by then, the end of a mapping that shrinks too, and of several areas the first
  ///   may have moved.
  ///
  /// The pages of a locked mapping's growth are brought in. O(log n + leaves moved).
  /// Linux: `do_mremap()`, mm/mremap.c.
  public mutating func mremap(
    _ address: VirtualAddress, oldLength: ByteCount, newLength: ByteCount, _ flags: RemapFlags,
    newAddress: VirtualAddress
  ) throws(MapError) -> VirtualAddress {
    let asked = Remapping(
      start: layout.untagged(address), oldLength: pageSize.roundUp(oldLength),
      newLength: pageSize.roundUp(newLength), flags: flags, target: newAddress)
    let checksFirst = services.pointee.rules.contains(.checksRemapFirst)
    if checksFirst {
      try checkArguments(asked)
      if flags.contains(.fixed), asked.oldLength == asked.newLength,
        services.pointee.rules.contains(.remapsSeveralAreas)
      {
        return try moveAreas(asked)
      }
    } else {
      // The lengths as they were given: equal pages are not enough.
      if flags.contains(.dontUnmap), oldLength != newLength { throw .invalidArgument }
      try checkFlags(asked)
    }
    let vma = try remappedArea(asked)
    let remap = try inWholeBlocks(asked, vma.pointee)
    guard remap.hasTarget else { return try resize(vma, remap) }
    if checksFirst { try checkArea(vma, remap) } else { try checkTarget(remap) }
    return try moveToTarget(remap)
  }

  /// Linux: `mremap_at()`, mm/mremap.c.
  private mutating func resize(
    _ vma: Ref<VMA>, _ remap: Remapping
  ) throws(MapError) -> VirtualAddress {
    if remap.newLength < remap.oldLength {
      try munmap(remap.start + remap.newLength, remap.oldLength - remap.newLength)
    }
    guard remap.newLength > remap.oldLength else { return remap.start }
    try checkArea(vma, remap)
    return try enlarge(vma, remap)
  }

  /// In place when the mapping ends the VMA and the space above is free, else elsewhere.
  ///
  /// Linux: `expand_vma()`, mm/mremap.c.
  private mutating func enlarge(
    _ vma: Ref<VMA>, _ remap: Remapping
  ) throws(MapError) -> VirtualAddress {
    let oldEnd = remap.start + remap.oldLength
    let added = VirtualRange(oldEnd, remap.start + remap.newLength)
    if oldEnd == vma.pointee.end, canExpand(vma, to: added.end) {
      let isLocked = vma.pointee.flags.contains(.locked)
      try extend(vma, over: added)
      if isLocked { populate(added) }
      return remap.start
    }
    guard remap.flags.contains(.mayMove) else { throw .outOfMemory }
    return try move(vma, placed(vma, remap))
  }

  /// Whether the space up to `end` is free and may be mapped; a stack's guard gap above is no obstacle.
  ///
  /// Linux: `vma_expandable()`, mm/mremap.c.
  private mutating func canExpand(_ vma: Ref<VMA>, to end: VirtualAddress) -> Bool {
    guard end > vma.pointee.end, vmas.vma(in: VirtualRange(vma.pointee.end, end)) == nil else {
      return false
    }
    let whole = VirtualRange(vma.pointee.start, end)
    return (try? place(whole.count, at: whole.start, .fixed, file: nil, fileOffset: .zero)) != nil
  }

  /// Linux: `expand_vma_in_place()`, mm/mremap.c; `vma_merge_extend()`, mm/vma.c.
  private mutating func extend(_ vma: Ref<VMA>, over added: VirtualRange) throws(MapError) {
    let pages = pageCount(added)
    let flags = vma.pointee.flags
    if flags.contains(.accounted) { try charge(pages) }
    let candidate = MergeCandidate(
      range: added, flags: flags,
      pageOffset: vma.pointee.pageOffset &+ pageCount(vma.pointee.range).rawValue,
      file: vma.pointee.file, opening: vma.pointee.opening, anonVMA: vma.pointee.anonVMA,
      name: vma.pointee.name,
      previous: vma, next: vmas.next(vma))
    guard mergeNew(candidate) != nil else {
      if flags.contains(.accounted) { services.pointee.uncharge(pages) }
      throw .outOfMemory
    }
    account(flags, added: pages)
    if flags.contains(.locked) { accounts.locked += pages }
  }

  /// To the place that the caller names: clears it, cuts the source, then moves.
  ///
  /// Linux: `mremap_to()`, mm/mremap.c.
  private mutating func moveToTarget(_ given: Remapping) throws(MapError) -> VirtualAddress {
    var remap = given
    if remap.flags.contains(.fixed) {
      try munmap(remap.target, remap.newLength)
      // The source may have stood there, when its absurd length wraps around.
      if services.pointee.rules.contains(.checksRemapFirst), vmas.vma(at: remap.start) == nil {
        throw .badAddress
      }
    }
    if remap.newLength < remap.oldLength {
      try munmap(remap.start + remap.newLength, remap.oldLength - remap.newLength)
      remap.oldLength = remap.newLength
    }
    guard let vma = vmas.vma(at: remap.start) else { throw .badAddress }
    if !services.pointee.rules.contains(.checksRemapFirst) { try checkArea(vma, remap) }
    // The old range stays: all of the new one is growth.
    if remap.flags.contains(.dontUnmap),
      !mayExpand(vma.pointee.flags, by: pageSize.pages(in: remap.oldLength))
    {
      throw .outOfMemory
    }
    return try move(vma, placed(vma, remap))
  }

  /// Every area of the range, one after the other, with the holes between them kept.
  ///
  /// What fails ends it; the areas before have moved then. Only the parts of the target that areas take
  /// are cleared. Linux: `remap_move()`, mm/mremap.c.
  private mutating func moveAreas(_ remap: Remapping) throws(MapError) -> VirtualAddress {
    let end = remap.start + remap.oldLength
    guard let first = vmas.vma(at: remap.start), end > remap.start else { throw .badAddress }
    var area: Ref<VMA>? = first
    var position = remap.start
    while position < end, let vma = area, vma.pointee.start < end {
      position = max(position, vma.pointee.start)
      let partEnd = min(end, vma.pointee.end)
      if !vma.pointee.mayMoveWithOthers, position > remap.start || vma.pointee.end < end {
        throw .badAddress
      }
      let asked = Remapping(
        start: position, oldLength: partEnd - position, newLength: partEnd - position,
        flags: remap.flags, target: remap.target + (position - remap.start))
      let source = try remappedArea(asked)
      let part = try inWholeBlocks(asked, source.pointee)
      try checkArea(source, part)
      _ = try moveToTarget(part)
      position = part.start + part.oldLength
      area = vmas.vma(atOrAfter: position)
    }
    return remap.target
  }

  /// The same with the target that placement gives it.
  ///
  /// Linux: `vrm_set_new_addr()`, mm/mremap.c.
  private mutating func placed(_ vma: Ref<VMA>, _ remap: Remapping) throws(MapError) -> Remapping {
    var flags: MapFlags = remap.flags.contains(.fixed) ? .fixed : []
    if vma.pointee.flags.contains(.mayShare) { flags.insert(.shared) }
    let page = vma.pointee.file == nil ? 0 : vma.pointee.pageOffset(of: remap.start, pageSize)
    var placed = remap
    placed.target = try place(
      remap.newLength, at: remap.hasTarget ? remap.target : VirtualAddress(0), flags,
      file: vma.pointee.file, fileOffset: pageSize.bytes(in: PageCount(page)))
    return placed
  }
}

/// The arguments of a `mremap`, lengths in whole pages.
struct Remapping {
  var start: VirtualAddress
  var oldLength: ByteCount
  var newLength: ByteCount
  var flags: RemapFlags
  /// Where to; a hint, or nothing, until it is placed.
  var target: VirtualAddress

  /// The caller says where to. Linux: `vrm_implies_new_addr()`.
  var hasTarget: Bool { !flags.isDisjoint(with: [.fixed, .dontUnmap]) }

  /// Whether the ends of source and target lie beyond the other's start. Ends wrap around, so that an
  /// absurd old length passes here, and then is EFAULT. Linux: `vrm_overlaps()`.
  var overlapsTarget: Bool {
    start.rawValue &+ oldLength.rawValue > target.rawValue
      && target.rawValue &+ newLength.rawValue > start.rawValue
  }
}

extension VMA {
  /// Some devices place their mappings by themselves, so that holes could not be kept.
  ///
  /// Linux: `vma_multi_allowed()`, mm/mremap.c.
  fileprivate var mayMoveWithOthers: Bool { file?.pointee.kind != .device }
}
