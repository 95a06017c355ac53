public import MemoryTypes

extension Memblock {
  /// Sets flags on all memory in `range`. Linux: `memblock_mark_nomap()` and its kin.
  public mutating func mark(
    _ range: PhysicalRange, _ flags: MemblockFlags
  ) throws(AllocationError) {
    try changeMemory(range) { $0.flags.formUnion(flags) }
    if flags.contains(.mirrored) { hasMirror = true }
  }

  /// Takes flags off all memory in `range`. Linux: `memblock_clear_nomap()` and its kin.
  public mutating func clear(
    _ range: PhysicalRange, _ flags: MemblockFlags
  ) throws(AllocationError) {
    try changeMemory(range) { $0.flags.subtract(flags) }
  }

  /// Says which node the memory in `range` belongs to. Linux: `memblock_set_node()`.
  public mutating func setNode(_ range: PhysicalRange, _ node: Int32) throws(AllocationError) {
    try changeMemory(range) { $0.node = node }
  }

  /// Says which node the reservations in `range` belong to, so that those of two nodes never become
  /// one region. Linux: `memblock_set_node()` on `memblock.reserved`.
  public mutating func setReservedNode(
    _ range: PhysicalRange, _ node: Int32
  ) throws(AllocationError) {
    try makeRoom(in: .reserved, toCut: range)
    for index in try reserved.isolate(range) { reserved[index].node = node }
    reserved.mergeNeighbours()
  }

  /// Sets flags on all reservations in `range`. Linux: `memblock_reserved_mark_noinit()`.
  public mutating func markReserved(
    _ range: PhysicalRange, _ flags: MemblockFlags
  ) throws(AllocationError) {
    try makeRoom(in: .reserved, toCut: range)
    for index in try reserved.isolate(range) { reserved[index].flags.formUnion(flags) }
    reserved.mergeNeighbours()
  }

  private mutating func changeMemory(
    _ range: PhysicalRange, _ change: (inout MemblockRegion) -> Void
  ) throws(AllocationError) {
    try makeRoom(in: .memory, toCut: range)
    for index in try memory.isolate(range) { change(&memory[index]) }
    memory.mergeNeighbours()
  }
}
