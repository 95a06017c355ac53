internal import MemoryTypes
internal import PhysicalMemory

/// What one processor keeps of one cache: two cache lines, and the spare objects behind them.
///
/// Linux: `struct kmem_cache_cpu`.
typealias SlubProcessor = ProcessorOwned<SlubLists>

struct SlubLists {
  /// The first free object of the processor's slab; 0 for none.
  var first: UInt = 0
  /// The address of the page of the slab whose objects those are; 0 for none.
  var slab: UInt = 0
  /// How many objects stand in the row behind; see `SlubSpare.swift`.
  var spareCount: UInt = 0
  /// Slabs with free objects that no node lists.
  var partial = PageList()

  /// From one processor's lists to the next one's, with room for so many spare objects.
  static func stride(spares: Int) -> Int {
    (MemoryLayout<SlubProcessor>.stride + spares * MemoryLayout<UInt>.stride + 63) & ~63
  }
}
