internal import MemoryTypes
internal import PhysicalMemory

/// What the page of a slab's first frame says about the slab. Linux: `struct slab`, mm/slab.h.
///
/// The first free slot and the counters stand side by side, so that one double-word exchange can
/// change both. The properties are the reference's, so that changing one, under the cache's lock,
/// is no access to the whole descriptor: others look at its flags at the same time.
extension Ref where Object == Page {
  /// The address of the cache's core.
  @inline(__always)
  var slabCache: UInt {
    get { pointee.mapping }
    nonmutating set { pointee.mapping = newValue }
  }

  /// The address of the first free slot; 0 in a full slab. Linux: `freelist`.
  @inline(__always)
  var firstFreeSlot: UInt {
    get { pointee.index }
    nonmutating set { pointee.index = newValue }
  }

  /// How many slots hold objects. Linux: `inuse`.
  @inline(__always)
  var slotsInUse: UInt {
    get { pointee.privateData & 0xffff }
    nonmutating set { pointee.privateData = pointee.privateData & ~0xffff | newValue }
  }

  /// How many slots there are. Linux: `objects`.
  @inline(__always)
  var slotCount: UInt {
    get { pointee.privateData >> 16 }
    nonmutating set { pointee.privateData = pointee.privateData & 0xffff | newValue << 16 }
  }
}
