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
  /// - Returns: The address; one that `isErrorNumber` is free of all these checks.
  ///
  /// O(log n) typical, O(n) in the old design. Linux: `__get_unmapped_area()`, mm/mmap.c.
  mutating func place(
    _ length: ByteCount, at hint: VirtualAddress, _ flags: MapFlags, file: Ref<MappedFile>?,
    fileOffset: ByteCount
  ) throws(MapError) -> VirtualAddress {
    guard length.rawValue <= layout.taskSize.rawValue else { throw .outOfMemory }
    var request = PlacementRequest(length: length, hint: hint, flags: flags)
    if file != nil { request.alignment = layout.colours.alignment(of: fileOffset) }
    let address: VirtualAddress
    if let file, file.pointee.blockSize > pageSize.bytes {
      address = try blockAligned(request, file.pointee.blockSize)
    } else if wantsHugeAlignment(request, file: file),
      let aligned = hugeAligned(request, fileOffset: fileOffset)
    {
      address = aligned
    } else if layout.alignsSharedMemory, isSharedMemory(request, file) {
      address = try sharedAligned(request, fileOffset: fileOffset)
    } else {
      address = try findFree(request)
    }
    if Self.isErrorNumber(address) { return address }
    guard address.rawValue <= layout.taskSize.rawValue - length.rawValue else {
      throw .outOfMemory
    }
    guard pageSize.isAligned(address) else { throw .invalidArgument }
    guard address >= layout.minimumAddress else { throw .notPermitted }
    return address
  }

  /// Whether the kernel takes an address for a negated error number, which is then what the call
  /// answers: a fixed address in the last 4095 bytes. Linux: `IS_ERR_VALUE()`.
  static func isErrorNumber(_ address: VirtualAddress) -> Bool { address.rawValue > .max - 4095 }

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
  private mutating func blockAligned(
    _ request: PlacementRequest, _ block: ByteCount
  ) throws(MapError) -> VirtualAddress {
    if request.flags.contains(.fixed) { return request.hint }
    if request.hint.rawValue != 0, isHintUsable(request) { return request.hint }
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
  private mutating func hugeAligned(
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
    let takesUpperEnd =
      layout.direction == .topDown && services.pointee.rules.contains(.alignsFromTheTop)
    return VirtualAddress(found.rawValue + (shift == 0 && takesUpperEnd ? huge : shift))
  }

  private func isSharedMemory(_ request: PlacementRequest, _ file: Ref<MappedFile>?) -> Bool {
    if let file { return file.pointee.kind == .sharedMemory }
    return request.flags.contains(.shared)
  }

  /// Where memory file systems may have huge pages: first the plain search, then, unless that took the
  /// hint or is aligned by itself, one with room to spare.
  ///
  /// Linux: `shmem_get_unmapped_area()`, mm/shmem.c.
  private mutating func sharedAligned(
    _ request: PlacementRequest, fileOffset: ByteCount
  ) throws(MapError) -> VirtualAddress {
    let plain = try findFree(request)
    let huge = UInt(1) << (2 * UInt(pageSize.shift) - 3)
    let offset = fileOffset.rawValue & (huge - 1)
    let length = request.length.rawValue
    guard !request.flags.contains(.fixed), plain != request.hint || plain.rawValue == 0,
      length >= huge, offset == 0 || length >= 2 * huge - offset,
      plain.rawValue & (huge - 1) != offset
    else { return plain }
    var wider = request
    let (padded, overflows) = length.addingReportingOverflow(huge - pageSize.bytes.rawValue)
    wider.length = ByteCount(padded)
    guard !overflows, padded <= layout.taskSize.rawValue, let found = try? findFree(wider) else {
      return plain
    }
    let aligned = found.rawValue + ((offset &- found.rawValue) & (huge - 1))
    return aligned <= layout.taskSize.rawValue - length ? VirtualAddress(aligned) : plain
  }
}
