internal import MemoryTypes
public import PhysicalMemory

extension MemoryMap {
  public func add(to memblock: inout Memblock) throws(BootError) {
    try memblock.addRanges(of: self)
  }
}

extension DeviceTree {
  /// As for any map, and besides: which node memory belongs to, and places for the reservations that
  /// name none.
  public func add(to memblock: inout Memblock) throws(BootError) {
    try memblock.addRanges(of: self)
    try memblock.addWishes(of: self)
  }
}

extension Memblock {
  /// Takes over what firmware says about memory. What it reserves is reserved whether or not it is
  /// memory, so the order of its ranges does not matter.
  ///
  /// Throws when the map is broken, names more ranges than fit, or wants memory that there is no
  /// place for. O(ranges²). Linux: `early_init_dt_scan_memory()`, `e820__memblock_setup()`.
  public mutating func add(_ map: some MemoryMap) throws(BootError) {
    try map.add(to: &self)
  }

  fileprivate mutating func addRanges(of map: some MemoryMap) throws(BootError) {
    try take(map) { (memblock, range, kind) throws(AllocationError) in
      if kind == .usable { try memblock.add(range) }
    }
    try take(map) { (memblock, range, kind) throws(AllocationError) in
      switch kind {
      case .usable: break
      case .notMapped: try memblock.hide(range)
      case .reserved, .tables, .sleepStorage, .unusable: try memblock.reserve(range)
      }
    }
  }

  /// Which node memory belongs to, and the memory that the tree wants reserved without saying where,
  /// which goes as high as it may, in the tree's order. Linux: `fdt_scan_reserved_mem()`.
  fileprivate mutating func addWishes(of tree: DeviceTree) throws(BootError) {
    try takeFacts(of: tree) { (memblock, fact) throws(AllocationError) in
      switch fact {
      case .memory(let range, let node?): try memblock.setNode(range, node)
      case .memory, .reserved, .distance: break
      case .wanted(let wanted): try memblock.place(wanted)
      }
    }
  }

  /// Memory that is reserved already is somebody's and stays mapped. Linux:
  /// `early_init_dt_reserve_memory()`.
  private mutating func hide(_ range: PhysicalRange) throws(AllocationError) {
    if !isReserved(range) { try mark(range, .notMapped) }
  }

  /// Whether all of `range` is reserved. Linux: `memblock_is_region_reserved()`, of any part.
  private func isReserved(_ range: PhysicalRange) -> Bool {
    var index = 0
    while index < reserved.count {
      if reserved[index].range.overlaps(range) { return true }
      index += 1
    }
    return false
  }

  /// Contiguous memory is made of whole page blocks, which one entry above the last table maps.
  private mutating func place(_ wanted: WantedMemory) throws(AllocationError) {
    var alignment = max(wanted.alignment, 64)
    let block = UInt64(1) << (2 * UInt64(pageSize.shift) - 3)
    if wanted.isReusable && wanted.isMapped { alignment = max(alignment, block) }
    let limits = wanted.place ?? PhysicalRange(PhysicalAddress(0), PhysicalAddress(.max))
    let request = MemblockRequest(
      size: wanted.size, alignment: alignment, minimum: limits.start,
      limit: limits.end == PhysicalAddress(.max) ? .anywhere : .below(limits.end))
    let start = try allocate(request)
    if !wanted.isMapped { try mark(PhysicalRange(start, count: wanted.size), .notMapped) }
  }

  private mutating func take(
    _ map: some MemoryMap,
    _ body: (inout Memblock, PhysicalRange, FirmwareMemory) throws(AllocationError) -> Void
  ) throws(BootError) {
    var isFull = false
    do throws(FirmwareError) {
      try map.forEachMemoryRange { range, kind in
        do throws(AllocationError) { try body(&self, range, kind) } catch { isFull = true }
      }
    } catch {
      throw .firmware(error)
    }
    if isFull { throw .tooManyRanges }
  }

  private mutating func takeFacts(
    of tree: DeviceTree,
    _ body: (inout Memblock, DeviceTreeFact) throws(AllocationError) -> Void
  ) throws(BootError) {
    var isFull = false
    do throws(FirmwareError) {
      try tree.forEachFact { fact in
        do throws(AllocationError) { try body(&self, fact) } catch { isFull = true }
      }
    } catch {
      throw .firmware(error)
    }
    if isFull { throw .tooManyRanges }
  }
}
