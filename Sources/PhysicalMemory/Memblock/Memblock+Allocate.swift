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
    let filter = MemblockFilter(avoidsHotpluggable: avoidsHotpluggable)
    guard let found = place(size, alignment, limits, filter, direction) else { throw .outOfMemory }
    try reserve(PhysicalRange(found, count: size))
    return found
  }

  /// Reserves what `request` asks for and says where it starts. The bytes are not cleared.
  ///
  /// The wanted node goes first, then any node, then memory without a mirror, then addresses below
  /// the minimum, each as far as the request allows it. Throws, and changes nothing, when there is
  /// no such block or no entry for it. O(regions). Linux: `memblock_alloc_range_nid()`,
  /// `memblock_alloc_internal()`.
  public mutating func allocate(
    _ request: MemblockRequest
  ) throws(AllocationError) -> PhysicalAddress {
    let found = placement(of: request)
    guard let found else { throw .outOfMemory }
    try reserve(PhysicalRange(found, count: request.size))
    return found
  }

  /// Where `allocate` would put `request` now; nil when nowhere. Nothing changes.
  ///
  /// - Parameter direction: Nil for that of memblock.
  public func placement(
    of request: MemblockRequest, _ direction: MemblockDirection? = nil
  ) -> PhysicalAddress? {
    let direction = direction ?? self.direction
    if let found = place(request, direction) { return found }
    guard request.mayGoBelowMinimum, request.minimum > PhysicalAddress(0) else { return nil }
    var relaxed = request
    relaxed.minimum = PhysicalAddress(0)
    return place(relaxed, direction)
  }

  private func place(
    _ request: MemblockRequest, _ direction: MemblockDirection
  ) -> PhysicalAddress? {
    let limits = limits(of: request)
    var filter = MemblockFilter(
      node: request.node, flags: hasMirror ? .mirrored : [],
      avoidsHotpluggable: avoidsHotpluggable)
    while true {
      filter.node = request.node
      if let found = place(request.size, request.alignment, limits, filter, direction) {
        return found
      }
      if request.node != nil && !request.isExactNode {
        filter.node = nil
        if let found = place(request.size, request.alignment, limits, filter, direction) {
          return found
        }
      }
      guard filter.flags.contains(.mirrored) else { return nil }
      filter.flags = []
    }
  }

  /// Never the first page, so that no block stands at address 0.
  private func limits(of request: MemblockRequest) -> PhysicalRange {
    let start = max(request.minimum, PhysicalAddress(UInt64(pageSize.bytes.rawValue)))
    var end: PhysicalAddress
    switch request.limit {
    case .accessible: end = currentLimit
    case .anywhere: end = PhysicalAddress(.max)
    case .below(let address): end = address
    }
    if request.mayGoBelowMinimum { end = min(end, currentLimit) }
    return PhysicalRange(start, max(start, end))
  }

  /// The highest or lowest free block inside `limits`. Linux: `memblock_find_in_range_node()`.
  func place(
    _ size: UInt64, _ alignment: UInt64, _ limits: PhysicalRange, _ filter: MemblockFilter,
    _ direction: MemblockDirection
  ) -> PhysicalAddress? {
    precondition(
      alignment > 0 && alignment & (alignment &- 1) == 0, "alignment is no power of two")
    guard size > 0 else { return nil }
    switch direction {
    case .topDown: return highest(size, alignment, limits, filter)
    case .bottomUp: return lowest(size, alignment, limits, filter)
    }
  }

  private func highest(
    _ size: UInt64, _ alignment: UInt64, _ limits: PhysicalRange, _ filter: MemblockFilter
  ) -> PhysicalAddress? {
    for free in freeRangesDescending(filter) {
      let usable = free.intersection(limits)
      guard usable.count >= size else { continue }
      let start = (usable.end.rawValue &- size) & ~(alignment &- 1)
      if start >= usable.start.rawValue { return PhysicalAddress(start) }
    }
    return nil
  }

  private func lowest(
    _ size: UInt64, _ alignment: UInt64, _ limits: PhysicalRange, _ filter: MemblockFilter
  ) -> PhysicalAddress? {
    for free in freeRanges(filter) {
      let usable = free.intersection(limits)
      let (padded, overflow) = usable.start.rawValue.addingReportingOverflow(alignment &- 1)
      let start = padded & ~(alignment &- 1)
      guard !overflow, start < usable.end.rawValue else { continue }
      if usable.end.rawValue &- start >= size { return PhysicalAddress(start) }
    }
    return nil
  }
}
