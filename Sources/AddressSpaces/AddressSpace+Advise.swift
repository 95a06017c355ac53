internal import Machine
public import MemoryTypes

extension Ref where Object == AddressSpace {
  /// Takes a program's advice about a range.
  ///
  /// - Parameters:
  ///   - start: Page-aligned; the tag of an arm64 address is ignored.
  ///   - length: In bytes, rounded up; 0 succeeds and does nothing.
  ///   - number: The advice as the system call has it.
  ///   - settle: Called for each address space that lost translations while a hole was punched into a
  ///     file: flushes its `batch`.
  /// - Throws: `invalidArgument` for an unknown advice, a bad range, or an area that the advice is not
  ///   for; `outOfMemory` for a hole, behind which the advice was still followed; `accessDenied`,
  ///   `badAddress`, `notPermitted`; `tryAgain` when the area cannot be split. What came before an
  ///   area that refuses has changed.
  ///
  /// O(log n + VMAs and leaves touched). Linux: `do_madvise()`, mm/madvise.c.
  public func madvise(
    _ start: VirtualAddress, _ length: ByteCount, _ number: Int32,
    settle: (Ref<AddressSpace>) -> Void
  ) throws(MapError) {
    guard let advice = pointee.knownAdvice(number), pointee.pageSize.isAligned(start) else {
      throw .invalidArgument
    }
    let rounded = pointee.pageSize.roundUp(length)
    guard rounded > .zero || length == .zero, start + rounded >= start else {
      throw .invalidArgument
    }
    guard rounded > .zero else { return }
    let range = VirtualRange(pointee.layout.untagged(start), count: rounded)
    if advice == .remove {
      try punchHoles(in: range, settle: settle)
    } else {
      try pointee.follow(advice, range)
    }
  }
}

extension AddressSpace {
  /// Follows an advice that concerns this address space only.
  fileprivate mutating func follow(_ advice: Advice, _ range: VirtualRange) throws(MapError) {
    switch advice {
    case .hardwarePoison, .softOffline: try refuseInjection()
    case .populateRead: try populate(range, for: .read)
    case .populateWrite: try populate(range, for: .write)
    default:
      try forEachPart(of: range) { space, vma, part throws(MapError) in
        try space.advise(advice, vma, part)
      }
    }
  }

  fileprivate func knownAdvice(_ number: Int32) -> Advice? {
    guard let advice = Advice(rawValue: number),
      advice.isKnown(services.pointee.rules, services.pointee.features)
    else { return nil }
    return advice
  }

  /// Only an administrator may break memory; and then there is nobody here to mend it.
  ///
  /// Linux: `madvise_inject_error()`.
  private func refuseInjection() throws(MapError) {
    guard limits.privileges.contains(.administration) else { throw .notPermitted }
    throw .unsupportedFlag
  }

  /// Calls `body` with each VMA of a range and the part of it that lies inside. Holes are passed over
  /// and told at the end.
  ///
  /// - Throws: The first error of `body`; `outOfMemory` when there was a hole.
  ///
  /// Linux: `madvise_walk_vmas()`.
  mutating func forEachPart(
    of range: VirtualRange,
    _ body: (inout AddressSpace, Ref<VMA>, VirtualRange) throws(MapError) -> Void
  ) throws(MapError) {
    var position = range.start
    var hasHole = false
    while position < range.end {
      guard let vma = vmas.vma(atOrAfter: position) else { throw .outOfMemory }
      if position < vma.pointee.start {
        hasHole = true
        position = vma.pointee.start
        if position >= range.end { break }
      }
      let part = VirtualRange(position, min(vma.pointee.end, range.end))
      try body(&self, vma, part)
      position = part.end
    }
    if hasHole { throw .outOfMemory }
  }

  /// One advice for one part of one VMA. Linux: `madvise_vma_behavior()`.
  private mutating func advise(
    _ advice: Advice, _ vma: Ref<VMA>, _ part: VirtualRange
  ) throws(MapError) {
    try checkSeal(advice, vma.pointee)
    switch advice {
    case .willNeed: readAhead(vma, part)
    case .dontNeed, .dontNeedLocked: try discard(vma, part, evenLocked: advice == .dontNeedLocked)
    case .free: try makeLazilyFree(vma, part)
    case .cold, .pageOut: try age(vma, part)
    case .collapse: try collapse(vma, part)
    case .guardInstall: try installGuards(vma, part)
    case .guardRemove: try liftGuards(vma, part)
    default:
      let flags = try advisedFlags(advice, vma.pointee)
      try update(vma, part, flags, name: vma.pointee.name)
    }
  }

  /// Sealed memory that the program could not overwrite is not emptied by advice either.
  ///
  /// Linux: `can_madvise_modify()`, mm/madvise.c.
  func checkSeal(_ advice: Advice, _ area: VMA) throws(MapError) {
    guard area.flags.contains(.sealed), advice.isDiscarding, !area.flags.contains(.write),
      area.isAnonymous
    else { return }
    throw .notPermitted
  }

  /// Gives a part of a VMA other flags or another name, merging and splitting as that needs.
  ///
  /// - Throws: `tryAgain` where a split needs memory or exceeds the VMA limit, which `madvise` tells
  ///   apart from a hole.
  ///
  /// Linux: `madvise_update_vma()`.
  mutating func update(
    _ vma: Ref<VMA>, _ part: VirtualRange, _ flags: VMAFlags, name: Ref<AreaName>?
  ) throws(MapError) {
    if flags == vma.pointee.flags, AreaName.areEqual(name, vma.pointee.name) { return }
    do throws(MapError) {
      let changed = try changeFlags(of: part, in: vma, flags, name: name)
      rename(changed, name)
    } catch {
      throw error == .outOfMemory ? .tryAgain : error
    }
  }
}
