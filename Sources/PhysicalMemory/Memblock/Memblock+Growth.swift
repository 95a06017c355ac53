public import Machine
internal import MemoryTypes

extension Memblock {
  /// One of the two arrays.
  enum List {
    case memory, reserved
  }

  /// From now on an array that is too small moves to a larger place inside `window`.
  ///
  /// The window must show all memory below `currentLimit` as long as memblock is in use. Only
  /// sensible once what is taken has been reserved, since the new place is allocated.
  /// Linux: `memblock_allow_resize()`.
  public mutating func allowGrowth(in window: DirectMap) {
    self.window = window
    pageSize = window.pageSize
  }

  /// Sees to it that `range` can be added to an array. Throws when there is no memory for it; without
  /// permission to grow it does nothing, and the array itself refuses what it has no room for.
  mutating func makeRoom(in list: List, toAdd range: PhysicalRange) throws(AllocationError) {
    guard window != nil else { return }
    while count(list) + regions(list).gapCount(in: range) > regions(list).capacity {
      try double(list, besides: range)
    }
  }

  /// Sees to it that regions can be cut at both ends of `range`: Linux wants two free entries, needed
  /// or not. Linux: `memblock_isolate_range()`.
  mutating func makeRoom(in list: List, toCut range: PhysicalRange) throws(AllocationError) {
    guard window != nil, !range.isEmpty else { return }
    while count(list) + 2 > regions(list).capacity { try double(list, besides: range) }
  }

  private func regions(_ list: List) -> MemblockRegions { list == .memory ? memory : reserved }

  private func count(_ list: List) -> Int { regions(list).count }

  /// Moves an array to twice the room, in memory that memblock gives; the old place is free again
  /// unless it is the one memblock was made with.
  ///
  /// - Parameter range: What is about to be reserved and must not become the new place.
  ///
  /// Throws, and changes nothing, when there is no such memory. Linux: `memblock_double_array()`.
  private mutating func double(
    _ list: List, besides range: PhysicalRange
  ) throws(AllocationError) {
    let (capacity, tooMany) = regions(list).capacity.multipliedReportingOverflow(by: 2)
    let (size, tooLarge) = capacity.multipliedReportingOverflow(
      by: MemoryLayout<MemblockRegion>.stride)
    guard !tooMany, !tooLarge, let window else { throw .outOfMemory }
    let bytes = UInt64(pageSize.roundUp(ByteCount(UInt(size))).rawValue)
    let home = try newHome(list, bytes, besides: range)
    guard window.contains(home.start), home.end.rawValue - 1 < windowEnd(window) else {
      throw .outOfMemory
    }
    // SAFETY: the range is free memory of at least `capacity` regions, and the window shows it.
    let storage = unsafe window.pointer(to: home.start).bindMemory(
      to: MemblockRegion.self, capacity: capacity)
    let old = list == .memory ? memoryHome : reservedHome
    switch list {
    case .memory:
      unsafe memory.move(to: storage, capacity: capacity)
      memoryHome = home
    case .reserved:
      unsafe reserved.move(to: storage, capacity: capacity)
      reservedHome = home
    }
    if let old { try free(old) }
    try reserve(home)
  }

  private func windowEnd(_ window: DirectMap) -> UInt64 {
    window.start.rawValue &+ UInt64(window.count.rawValue)
  }

  /// Above the range that is about to be reserved if there is room, else below.
  private func newHome(
    _ list: List, _ bytes: UInt64, besides range: PhysicalRange
  ) throws(AllocationError) -> PhysicalRange {
    let page = UInt64(pageSize.bytes.rawValue)
    let taken = list == .reserved && !range.isEmpty ? range : nil
    let above = PhysicalRange(taken?.end ?? PhysicalAddress(0), currentLimit)
    if let found = placeForAny(bytes, page, above) { return PhysicalRange(found, count: bytes) }
    if let taken {
      let below = PhysicalRange(PhysicalAddress(0), min(taken.start, currentLimit))
      if let found = placeForAny(bytes, page, below) { return PhysicalRange(found, count: bytes) }
    }
    throw .outOfMemory
  }

  /// Linux: `memblock_find_in_range()`.
  private func placeForAny(
    _ bytes: UInt64, _ alignment: UInt64, _ limits: PhysicalRange
  ) -> PhysicalAddress? {
    var filter = MemblockFilter(
      flags: hasMirror ? .mirrored : [], avoidsHotpluggable: avoidsHotpluggable)
    if let found = place(bytes, alignment, limits, filter, direction) { return found }
    guard hasMirror else { return nil }
    filter.flags = []
    return place(bytes, alignment, limits, filter, direction)
  }
}
