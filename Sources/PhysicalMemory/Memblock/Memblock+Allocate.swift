public import MemoryTypes

/// From which end of the free memory memblock allocates. Linux: `memblock_set_bottom_up()`.
public enum MemblockDirection: Sendable {
  case topDown
  case bottomUp
}

extension Memblock {
  /// The addresses that an allocation may have when it names no limits.
  ///
  /// The first 4 KiB are left out, so that no allocation stands at address 0.
  public static var anywhere: PhysicalRange {
    PhysicalRange(PhysicalAddress(4096), PhysicalAddress(.max))
  }

  /// Reserves `size` bytes of free memory and says where they start. The bytes are not cleared.
  ///
  /// - Parameters:
  ///   - size: In bytes; 0 is refused.
  ///   - alignment: A power of two, in bytes.
  ///   - limits: What the whole block must lie in.
  ///
  /// Throws, and changes nothing, when no free range holds such a block or the array is full.
  /// O(regions). Linux: `memblock_phys_alloc_range()`.
  public mutating func allocate(
    _ size: UInt64, alignment: UInt64 = 64, in limits: PhysicalRange = Memblock.anywhere,
    _ direction: MemblockDirection = .topDown
  ) throws(AllocationError) -> PhysicalAddress {
    precondition(
      alignment > 0 && alignment & (alignment &- 1) == 0, "alignment is no power of two")
    let found =
      switch direction {
      case .topDown: highest(size, alignment, limits)
      case .bottomUp: lowest(size, alignment, limits)
      }
    guard size > 0, let found else { throw .outOfMemory }
    try reserve(PhysicalRange(found, count: size))
    return found
  }

  private func highest(
    _ size: UInt64, _ alignment: UInt64, _ limits: PhysicalRange
  ) -> PhysicalAddress? {
    for free in freeRangesDescending {
      let usable = free.intersection(limits)
      guard usable.count >= size else { continue }
      let start = (usable.end.rawValue &- size) & ~(alignment &- 1)
      if start >= usable.start.rawValue { return PhysicalAddress(start) }
    }
    return nil
  }

  private func lowest(
    _ size: UInt64, _ alignment: UInt64, _ limits: PhysicalRange
  ) -> PhysicalAddress? {
    for free in freeRanges {
      let usable = free.intersection(limits)
      let (padded, overflow) = usable.start.rawValue.addingReportingOverflow(alignment &- 1)
      let start = padded & ~(alignment &- 1)
      guard !overflow, start < usable.end.rawValue else { continue }
      if usable.end.rawValue &- start >= size { return PhysicalAddress(start) }
    }
    return nil
  }
}
