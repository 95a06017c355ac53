internal import MemoryTypes
internal import PhysicalMemory

/// What the page of a slab's first frame says about the slab. Linux: `struct slab`, mm/slab.h.
///
/// The first free slot and the counters stand side by side, so that one double-word exchange can
/// change both.
extension Page {
  /// The address of the cache's core.
  @inline(__always)
  var slabCache: UInt {
    get { mapping }
    set { mapping = newValue }
  }

  /// The address of the first free slot; 0 in a full slab. Linux: `freelist`.
  @inline(__always)
  var firstFreeSlot: UInt {
    get { index }
    set { index = newValue }
  }

  /// How many slots hold objects. Linux: `inuse`.
  @inline(__always)
  var slotsInUse: UInt {
    get { privateData & 0xffff }
    set { privateData = privateData & ~0xffff | newValue }
  }

  /// How many slots there are. Linux: `objects`.
  @inline(__always)
  var slotCount: UInt {
    get { privateData >> 16 }
    set { privateData = privateData & 0xffff | newValue << 16 }
  }
}
