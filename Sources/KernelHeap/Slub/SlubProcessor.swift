internal import MemoryTypes
internal import PhysicalMemory

/// What one processor keeps of one cache: two cache lines, so that its place is the core's address
/// and a constant times its number.
///
/// Linux: `struct kmem_cache_cpu`.
typealias SlubProcessor = ProcessorOwned<SlubLists>

struct SlubLists {
  /// The first free object of the processor's slab; 0 for none.
  var first: UInt = 0
  /// The address of the page of the slab whose objects those are; 0 for none.
  var slab: UInt = 0
  /// Where the row of spare objects stands, and how many it has; see `SlubSpare.swift`.
  let row: UInt
  var spareCount: UInt = 0
  /// Slabs with free objects that no node lists.
  var partial = PageList()

  init(row: UInt) { self.row = row }

  /// From one processor's lists to the next one's.
  @inline(__always)
  static var stride: Int { (MemoryLayout<SlubProcessor>.stride &+ 63) & ~63 }

  /// From one processor's row of so many spare objects to the next one's.
  static func rowStride(_ spares: Int) -> Int {
    (spares * MemoryLayout<UInt>.stride + 63) & ~63
  }
}
