internal import Machine
internal import MemoryTypes

/// What a search for a free range is told.
struct PlacementRequest {
  var length: ByteCount
  var hint: VirtualAddress
  var flags: MapFlags
  var alignment = RangeAlignment.none
}

/// Which addresses suit: those that are `offset` modulo `mask` + 1.
struct RangeAlignment {
  var mask: UInt
  var offset: UInt

  static var none: RangeAlignment { RangeAlignment(mask: 0, offset: 0) }
}

/// The search for a free range: the hint, else top-down, else bottom-up.
///
/// x86 and the other architectures differ: on x86 no hint is too low, lengths are held against the whole
/// space, and the bottom-up search begins at a base of its own.
extension AddressSpace {
  /// - Throws: `outOfMemory`. A fixed address is returned as it is.
  ///
  /// Linux: `mm_get_unmapped_area_vmflags()`, mm/mmap.c.
  mutating func findFree(_ request: PlacementRequest) throws(MapError) -> VirtualAddress {
    if layout.architecture == .arm64 {
      let end = searchEnd(request)
      guard request.length <= end - layout.minimumHint else { throw .outOfMemory }
    }
    guard request.length.rawValue <= layout.taskSize.rawValue else { throw .outOfMemory }
    if request.flags.contains(.fixed) { return request.hint }
    if layout.direction == .bottomUp || wantsLowAddress(request) { return try bottomUp(request) }
    if request.hint.rawValue != 0, isHintUsable(request) { return request.hint }
    if layout.keepsHole { return try highestBesideHole(request) }
    if let found = highestFree(request, VirtualRange(lowest(request), top(request))) {
      return found
    }
    return try bottomUp(request, takesHint: layout.architecture != .arm64)
  }

  /// `MAP_32BIT` means something to 64-bit programs of x86 only.
  private func wantsLowAddress(_ request: PlacementRequest) -> Bool {
    layout.architecture == .x86_64 && request.flags.contains(.low2GB)
  }

  /// A hint above the default window opens the whole space.
  private func searchEnd(_ request: PlacementRequest) -> VirtualAddress {
    request.hint > layout.window ? layout.taskSize : layout.window
  }

  private func top(_ request: PlacementRequest) -> VirtualAddress {
    request.hint > layout.window
      ? layout.mmapBase + (layout.taskSize - layout.window) : layout.mmapBase
  }

  private func lowest(_ request: PlacementRequest) -> VirtualAddress {
    let floor = max(VirtualAddress(pageSize.bytes.rawValue), layout.minimumHint)
    guard layout.architecture == .x86_64, request.flags.contains(.above4GB) else { return floor }
    return max(floor, VirtualAddress(UInt(truncatingIfNeeded: 1 << 32 as UInt64)))
  }

  /// Whether the range at the hint is free and on one side of the window's end.
  ///
  /// Linux: `mmap_address_hint_valid()`, arch/x86/mm/mmap.c; `generic_get_unmapped_area_topdown()`.
  func isHintUsable(_ request: PlacementRequest) -> Bool {
    guard request.hint.rawValue <= layout.taskSize.rawValue - request.length.rawValue else {
      return false
    }
    let end = request.hint + request.length
    switch layout.architecture {
    case .x86_64, .i386:
      if (request.hint > layout.window) != (end > layout.window) { return false }
    case .arm64:
      if request.hint < layout.minimumHint || end > searchEnd(request) { return false }
    }
    return isFree(VirtualRange(request.hint, end))
  }

  /// Whether a range touches no VMA and no stack's guard gap.
  func isFree(_ range: VirtualRange) -> Bool {
    guard let vma = vmas.vma(atOrAfter: range.start) else { return true }
    return range.end <= vma.pointee.startWithGuard(layout.stackGuardGap)
  }

  /// Linux: `arch_get_unmapped_area()`, arch/x86/kernel/sys_x86_64.c; `generic_get_unmapped_area()`.
  private mutating func bottomUp(
    _ request: PlacementRequest, takesHint: Bool = true
  ) throws(MapError) -> VirtualAddress {
    let limits = bottomUpLimits(request)
    guard request.length.rawValue <= limits.end.rawValue else { throw .outOfMemory }
    if takesHint, request.hint.rawValue != 0,
      request.hint.rawValue <= limits.end.rawValue - request.length.rawValue,
      layout.architecture != .arm64 || request.hint >= layout.minimumHint,
      isFree(VirtualRange(request.hint, count: request.length))
    {
      return request.hint
    }
    if layout.keepsHole, !wantsLowAddress(request) { return try lowestBesideHole(request, limits) }
    guard let found = lowestFree(request, limits) else { throw .outOfMemory }
    return found
  }

  private func bottomUpLimits(_ request: PlacementRequest) -> VirtualRange {
    if wantsLowAddress(request) { return layout.lowRange }
    let start = max(layout.legacyBase, layout.minimumHint)
    return VirtualRange(start, searchEnd(request))
  }

  /// The highest free range, leaving alone the guard gaps. Linux: `unmapped_area_topdown()`, mm/vma.c.
  private func highestFree(
    _ request: PlacementRequest, _ limits: VirtualRange
  ) -> VirtualAddress? {
    let (mask, offset) = (request.alignment.mask, request.alignment.offset)
    let (padded, overflows) = request.length.rawValue.addingReportingOverflow(mask)
    guard !overflows else { return nil }
    var limits = limits
    while let gap = vmas.highestGap(of: ByteCount(padded), in: limits) {
      let start = gap.end - request.length
      let aligned = start - ByteCount((start.rawValue &- offset) & mask)
      guard let above = vmas.vma(atOrAfter: gap.end) else { return aligned }
      let guardStart = above.pointee.startWithGuard(layout.stackGuardGap)
      if guardStart >= gap.end { return aligned }
      limits.end = guardStart
    }
    return nil
  }

  /// The lowest free range, leaving alone the guard gaps. Linux: `unmapped_area()`, mm/vma.c.
  private func lowestFree(
    _ request: PlacementRequest, _ limits: VirtualRange
  ) -> VirtualAddress? {
    let (mask, offset) = (request.alignment.mask, request.alignment.offset)
    let (padded, overflows) = request.length.rawValue.addingReportingOverflow(mask)
    guard !overflows else { return nil }
    var limits = limits
    while let gap = vmas.lowestGap(of: ByteCount(padded), in: limits) {
      let aligned = gap.start + ByteCount((offset &- gap.start.rawValue) & mask)
      guard let above = vmas.vma(atOrAfter: gap.start) else { return aligned }
      let guardStart = above.pointee.startWithGuard(layout.stackGuardGap)
      if guardStart >= aligned + ByteCount(padded) { return aligned }
      limits.start = above.pointee.end
    }
    return nil
  }
}
