public import MemoryTypes

extension Memblock {
  /// Keeps only the lowest `limit` bytes of memory; what lies above, memory or reservation, is
  /// forgotten. Linux: `memblock_enforce_memory_limit()`.
  public mutating func enforceMemoryLimit(_ limit: UInt64) throws(AllocationError) {
    guard let end = end(ofFirst: limit) else { return }
    let above = PhysicalRange(end, PhysicalAddress(.max))
    try remove(above)
    try free(above)
  }

  /// Keeps only memory inside `range`, and what must not be mapped wherever it lies; reservations
  /// outside are forgotten. Linux: `memblock_cap_memory_range()`.
  public mutating func capMemory(to range: PhysicalRange) throws(AllocationError) {
    guard !range.isEmpty else { return }
    try makeRoom(in: .memory, toCut: range)
    let inside = try memory.isolate(range)
    var index = memory.count - 1
    while index >= 0 {
      if !inside.contains(index) && !memory[index].flags.contains(.notMapped) {
        memory.removeEntries(index..<(index + 1))
      }
      index -= 1
    }
    memory.mergeNeighbours()
    try free(PhysicalRange(PhysicalAddress(0), range.start))
    try free(PhysicalRange(range.end, PhysicalAddress(.max)))
  }

  /// As `enforceMemoryLimit`, but memory that must not be mapped stays. Linux:
  /// `memblock_mem_limit_remove_map()`.
  public mutating func limitMappedMemory(_ limit: UInt64) throws(AllocationError) {
    guard let end = end(ofFirst: limit) else { return }
    try capMemory(to: PhysicalRange(PhysicalAddress(0), end))
  }

  /// Forgets memory that a linear map of `size` bytes cannot show, and says where the map begins.
  ///
  /// The map begins at memory's start, rounded down to `alignment`. Memory above it goes first, but
  /// never the kernel, which ends at `kernelEnd`; where the kernel lies so high that memory is still
  /// too long, the map begins higher and what lies below goes. Nil without memory.
  /// Linux: `arm64_memblock_init()`, arch/arm64/mm/init.c.
  public mutating func clampToLinearMap(
    size: UInt64, alignment: UInt64, kernelEnd: PhysicalAddress
  ) throws(AllocationError) -> PhysicalAddress? {
    precondition(alignment > 0 && alignment & (alignment &- 1) == 0, "no power of two")
    guard let lowest = startOfDRAM else { return nil }
    let start = lowest.rawValue & ~(alignment &- 1)
    let top = PhysicalRange(PhysicalAddress(start), count: size).end
    try remove(PhysicalRange(max(top, kernelEnd), PhysicalAddress(.max)))
    guard let end = endOfDRAM, top < end else { return PhysicalAddress(start) }
    let least = end.rawValue &- size
    let (padded, overflow) = least.addingReportingOverflow(alignment &- 1)
    let raised = PhysicalAddress(overflow ? .max : padded & ~(alignment &- 1))
    try remove(PhysicalRange(PhysicalAddress(0), raised))
    return raised
  }

  /// Cuts memory to whole pages; what has none is forgotten. Linux: `memblock_trim_memory()`.
  public mutating func trimMemory(to pageSize: PageSize) {
    let mask = UInt64(pageSize.offsetMask)
    var index = memory.count - 1
    while index >= 0 {
      let range = memory[index].range
      let (padded, overflow) = range.start.rawValue.addingReportingOverflow(mask)
      let start = PhysicalAddress(overflow ? .max : padded & ~mask)
      let end = PhysicalAddress(range.end.rawValue & ~mask)
      if start < end {
        memory[index].range = PhysicalRange(start, end)
      } else {
        memory.removeEntries(index..<(index + 1))
      }
      index -= 1
    }
  }

  /// Where the first `bytes` of memory end; nil when there are no more than that.
  private func end(ofFirst bytes: UInt64) -> PhysicalAddress? {
    var left = bytes
    var index = 0
    while index < memory.count {
      let range = memory[index].range
      if left <= range.count { return PhysicalRange(range.start, count: left).end }
      left -= range.count
      index += 1
    }
    return nil
  }
}
