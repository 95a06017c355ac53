public import Machine
public import MemoryTypes

/// The first allocator of a machine: which memory there is, and which of it is taken.
///
/// It keeps two sorted arrays of regions, `memory` and `reserved`; free is what stands in the
/// first and not in the second. It serves until `PageAllocator.boot` takes the free ranges over,
/// and stays as the record of what the firmware said. One processor uses it; it has no lock.
/// Every operation is O(regions). Once `allowGrowth` was called, an array that is too small moves
/// to twice the room, which memblock gives itself; before, the operation throws and changes nothing.
/// Linux: `memblock`, mm/memblock.c.
public struct Memblock: ~Copyable {
  /// What the firmware reported, holes left out.
  public internal(set) var memory: MemblockRegions
  /// What is taken: the kernel image, the early allocations, the firmware's own.
  public internal(set) var reserved: MemblockRegions
  /// From which end an allocation that does not say so is served. Linux: `memblock.bottom_up`.
  public var direction = MemblockDirection.topDown
  /// No allocation reaches beyond it unless it may lie anywhere: the end of what the kernel has
  /// mapped. Linux: `memblock.current_limit`.
  public var currentLimit = PhysicalAddress(.max)
  /// The unit of the arrays' own memory; nothing is allocated below its first multiple.
  public var pageSize = PageSize.size4K
  /// Whether hotpluggable memory is kept free of allocations. Linux: `movable_node_is_enabled()`.
  public var avoidsHotpluggable = false
  /// Whether some memory is mirrored, so that allocations look there first.
  public internal(set) var hasMirror = false
  /// Where the arrays may grow; nil before `allowGrowth`.
  var window: DirectMap?
  /// What memblock took for each array; nil while it stands where it was made.
  var memoryHome: PhysicalRange?
  var reservedHome: PhysicalRange?

  /// A memblock with no memory whose arrays stand in `arrays`, half of it for each.
  ///
  /// `arrays` must be aligned for words, hold 64 bytes or more and stay valid.
  @unsafe
  public init(arrays: UnsafeMutableRawBufferPointer) {
    let capacity = arrays.count / 2 / MemoryLayout<MemblockRegion>.stride
    precondition(capacity > 0, "no room for the arrays of memblock")
    // SAFETY: the caller gives the bytes to this value; both halves lie inside them.
    let storage = unsafe arrays.bindMemory(to: MemblockRegion.self).baseAddress!
    unsafe memory = MemblockRegions(storage: storage, capacity: capacity)
    unsafe reserved = MemblockRegions(storage: storage + capacity, capacity: capacity)
  }

  /// A memblock for a machine whose RAM is just what `map` shows.
  ///
  /// Its arrays stand in the last frame of that RAM, which is the first thing reserved.
  public static func describing(_ map: DirectMap) throws(AllocationError) -> Memblock {
    let ram = PhysicalRange(map.start, count: UInt64(map.count.rawValue))
    let size = UInt64(map.pageSize.bytes.rawValue)
    guard ram.count >= size else { throw .outOfMemory }
    let home = PhysicalRange(PhysicalAddress(ram.end.rawValue - size), ram.end)
    // SAFETY: the frame lies in the window and is reserved before anything can be allocated.
    var memblock = unsafe Memblock(
      arrays: UnsafeMutableRawBufferPointer(
        start: map.pointer(to: home.start), count: Int(size)))
    try memblock.add(ram)
    try memblock.reserve(home)
    return memblock
  }

  /// Adds memory; what overlaps memory already there keeps its flags.
  ///
  /// Throws, and changes nothing, when the array is full. Linux: `memblock_add_node()`.
  public mutating func add(
    _ range: PhysicalRange, flags: MemblockFlags = [], node: Int32 = 0
  ) throws(AllocationError) {
    try makeRoom(in: .memory, toAdd: range)
    try memory.add(MemblockRegion(range, flags: flags, node: node))
    if flags.contains(.mirrored) { hasMirror = true }
  }

  /// Takes `range` as used, whether or not there is memory. Linux: `memblock_reserve()`.
  public mutating func reserve(
    _ range: PhysicalRange, flags: MemblockFlags = [], node: Int32 = MemblockRegion.noNode
  ) throws(AllocationError) {
    try makeRoom(in: .reserved, toAdd: range)
    try reserved.add(MemblockRegion(range, flags: flags, node: node))
  }

  /// Forgets that there is memory in `range`. Linux: `memblock_remove()`.
  public mutating func remove(_ range: PhysicalRange) throws(AllocationError) {
    try makeRoom(in: .memory, toCut: range)
    try memory.remove(range)
  }

  /// Gives a reserved `range` back. Linux: `memblock_phys_free()`.
  ///
  /// Cutting a reserved region in two takes an entry: it throws, and changes nothing, when there
  /// is none.
  public mutating func free(_ range: PhysicalRange) throws(AllocationError) {
    try makeRoom(in: .reserved, toCut: range)
    try reserved.remove(range)
  }

  /// The lowest address with memory; nil without memory. Linux: `memblock_start_of_DRAM()`.
  public var startOfDRAM: PhysicalAddress? { memory.count > 0 ? memory[0].range.start : nil }

  /// The end of the highest memory; nil without memory. Linux: `memblock_end_of_DRAM()`.
  public var endOfDRAM: PhysicalAddress? {
    memory.count > 0 ? memory[memory.count - 1].range.end : nil
  }
}
