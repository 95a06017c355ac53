internal import Machine
internal import MemoryTypes

extension AddressSpace {
  /// The address that a new mapping of `length` bytes gets.
  ///
  /// - Parameters:
  ///   - hint: The address the caller would like, page-aligned and already lifted to the minimum; 0
  ///     for none. With `.fixed` it is the address itself.
  ///   - length: A positive multiple of the page size.
  ///   - fileOffset: For a file, the byte of it that the mapping begins with.
  /// - Throws: `outOfMemory` when nothing is free, `invalidArgument` for a misaligned fixed address,
  ///   `notPermitted` for one below the minimum.
  ///
  /// O(log n) typical. Linux: `__get_unmapped_area()`, mm/mmap.c.
  func place(
    _ length: ByteCount, at hint: VirtualAddress, _ flags: MapFlags, file: Ref<MappedFile>?,
    fileOffset: ByteCount
  ) throws(MapError) -> VirtualAddress {
    guard length.rawValue <= layout.taskSize.rawValue else { throw .outOfMemory }
    let request = PlacementRequest(length: length, hint: hint, flags: flags)
    let address: VirtualAddress
    if let file, file.pointee.blockSize > pageSize.bytes {
      address = try blockAligned(request, file.pointee.blockSize)
    } else if wantsHugeAlignment(request, file: file),
      let aligned = hugeAligned(request, fileOffset: fileOffset)
    {
      address = aligned
    } else {
      address = try findFree(request)
    }
    guard address.rawValue <= layout.taskSize.rawValue - length.rawValue else {
      throw .outOfMemory
    }
    guard pageSize.isAligned(address) else { throw .invalidArgument }
    guard address >= layout.minimumAddress else { throw .notPermitted }
    return address
  }

  /// A hint as the kernel uses it: rounded down, and lifted to the lowest mappable address.
  ///
  /// Linux: `round_hint_to_min()`.
  func roundedHint(_ hint: VirtualAddress) -> VirtualAddress {
    let rounded = pageSize.roundDown(hint)
    guard rounded.rawValue != 0 else { return rounded }
    return max(rounded, pageSize.roundUp(layout.minimumHint))
  }

  /// Anonymous private memory of whole huge pages without a hint, and files whose file system asks.
  private func wantsHugeAlignment(_ request: PlacementRequest, file: Ref<MappedFile>?) -> Bool {
    guard layout.hugePageSize.rawValue > 0 else { return false }
    if let file { return file.pointee.alignsToHugePages }
    guard services.pointee.rules.contains(.alignsAnonymousMappings) else { return false }
    guard !request.flags.contains(.shared), request.hint.rawValue == 0 else { return false }
    return request.length.rawValue & (layout.hugePageSize.rawValue - 1) == 0
  }

  /// A place for whole huge pages: a free range with room to spare, and in it the aligned address.
  ///
  /// Linux: `hugetlb_get_unmapped_area()`, the `align_mask` of `vm_unmapped_area()`.
  private func blockAligned(
    _ request: PlacementRequest, _ block: ByteCount
  ) throws(MapError) -> VirtualAddress {
    if request.flags.contains(.fixed) { return request.hint }
    if request.hint.rawValue != 0, hintIsUsable(request) { return request.hint }
    var wider = request
    wider.hint = VirtualAddress(0)
    let spare = block.rawValue - pageSize.bytes.rawValue
    let (padded, overflows) = request.length.rawValue.addingReportingOverflow(spare)
    guard !overflows else { throw .outOfMemory }
    wider.length = ByteCount(padded)
    let found = try findFree(wider)
    return VirtualAddress((found.rawValue + block.rawValue - 1) & ~(block.rawValue - 1))
  }

  /// Looks for one huge page more than asked, and takes the part whose address and file offset agree
  /// modulo the huge-page size; nil where the plain search has to do.
  ///
  /// Linux: `__thp_get_unmapped_area()`, mm/huge_memory.c.
  private func hugeAligned(
    _ request: PlacementRequest, fileOffset: ByteCount
  ) -> VirtualAddress? {
    let huge = layout.hugePageSize.rawValue
    let offset = fileOffset.rawValue
    let (end, endOverflows) = offset.addingReportingOverflow(request.length.rawValue)
    let aligned = (offset &+ huge - 1) & ~(huge - 1)
    guard !endOverflows, end > aligned, end - aligned >= huge else { return nil }
    let (padded, overflows) = request.length.rawValue.addingReportingOverflow(huge)
    guard !overflows, offset.addingReportingOverflow(padded).overflow == false else { return nil }

    var wider = request
    wider.length = ByteCount(padded)
    guard padded <= layout.taskSize.rawValue, let found = try? findFree(wider) else { return nil }
    if found == request.hint { return found }
    let shift = (offset &- found.rawValue) & (huge - 1)
    // Top-down, an aligned result means that the padding lies below: take the upper end of it.
    return VirtualAddress(found.rawValue + (shift == 0 ? huge : shift))
  }

  /// The hint when it is usable, else the highest free range below the mmap base, else the lowest above
  /// the legacy base.
  ///
  /// Linux: `arch_get_unmapped_area_topdown()` of x86 and of mm/mmap.c.
  private func findFree(_ request: PlacementRequest) throws(MapError) -> VirtualAddress {
    guard request.length.rawValue <= layout.taskSize.rawValue else { throw .outOfMemory }
    if request.flags.contains(.fixed) { return request.hint }
    let isLow = layout.architecture == .x86_64 && request.flags.contains(.low2GB)
    if isLow { return try bottomUp(request) }
    if request.hint.rawValue != 0, hintIsUsable(request) { return request.hint }
    var top = layout.mmapBase
    if request.hint > layout.window { top = top + (layout.taskSize - layout.window) }
    let floor = max(VirtualAddress(pageSize.bytes.rawValue), layout.minimumHint)
    if let found = highestFree(request.length, VirtualRange(floor, top)) { return found }
    return try bottomUp(request)
  }

  /// Linux: `mmap_address_hint_valid()`, and the test for a free range behind it.
  private func hintIsUsable(_ request: PlacementRequest) -> Bool {
    guard request.hint.rawValue <= layout.taskSize.rawValue - request.length.rawValue else {
      return false
    }
    let end = request.hint + request.length
    if layout.architecture == .x86_64, (request.hint > layout.window) != (end > layout.window) {
      return false
    }
    if layout.architecture == .arm64, request.hint <= layout.window, end > layout.window {
      return false
    }
    return isFree(VirtualRange(request.hint, end))
  }

  /// Whether a range touches no VMA and no stack's guard gap.
  private func isFree(_ range: VirtualRange) -> Bool {
    guard let vma = vmas.vma(atOrAfter: range.start) else { return true }
    return range.end <= vma.pointee.startWithGuard(layout.stackGuardGap)
  }

  /// Linux: `arch_get_unmapped_area()`.
  private func bottomUp(_ request: PlacementRequest) throws(MapError) -> VirtualAddress {
    let isLow = layout.architecture == .x86_64 && request.flags.contains(.low2GB)
    let limits =
      isLow
      ? VirtualRange(VirtualAddress(0x4000_0000), VirtualAddress(0x8000_0000))
      : VirtualRange(layout.legacyBase, layout.window)
    guard request.length.rawValue <= limits.end.rawValue else { throw .outOfMemory }
    if request.hint.rawValue != 0 {
      let range = VirtualRange(request.hint, count: request.length)
      if limits.end.rawValue - request.length.rawValue >= range.start.rawValue, isFree(range) {
        return range.start
      }
    }
    guard let found = lowestFree(request.length, limits) else { throw .outOfMemory }
    return found
  }

  /// The highest free range, leaving alone the guard gaps. Linux: `unmapped_area_topdown()`.
  private func highestFree(_ length: ByteCount, _ limits: VirtualRange) -> VirtualAddress? {
    var limits = limits
    while let gap = vmas.highestGap(of: length, in: limits) {
      guard let above = vmas.vma(atOrAfter: gap.end) else { return gap.end - length }
      let guardStart = above.pointee.startWithGuard(layout.stackGuardGap)
      if guardStart >= gap.end { return gap.end - length }
      limits.end = guardStart
    }
    return nil
  }

  /// The lowest free range, leaving alone the guard gaps. Linux: `unmapped_area()`.
  private func lowestFree(_ length: ByteCount, _ limits: VirtualRange) -> VirtualAddress? {
    var limits = limits
    while let gap = vmas.lowestGap(of: length, in: limits) {
      guard let above = vmas.vma(atOrAfter: gap.start) else { return gap.start }
      let guardStart = above.pointee.startWithGuard(layout.stackGuardGap)
      if guardStart >= gap.start + length { return gap.start }
      limits.start = above.pointee.end
    }
    return nil
  }
}

/// What a search for a free range is told.
private struct PlacementRequest {
  var length: ByteCount
  var hint: VirtualAddress
  var flags: MapFlags
}
