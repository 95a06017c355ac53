internal import MemoryTypes
internal import PhysicalMemory

/// The slabs of one cache on one node. Linux: `struct kmem_cache_node`, mm/slab.h (6.1).
struct QueuedNode {
  /// Some objects free.
  var partial = PageList()
  /// None.
  var full = PageList()
  /// All.
  var free = PageList()
  /// The free objects of all slabs.
  var freeObjects = 0
  /// How many may be free before free slabs go back.
  let freeLimit: Int
  /// What processors of the node pass to each other.
  var shared: ObjectArray
  var nextColour = 0
  /// Whether a free slab was used since the last reaping. Linux: `free_touched`.
  var isFreeTouched = false

  init(freeLimit: Int, shared: ObjectArray) {
    self.freeLimit = freeLimit
    self.shared = shared
  }

  var slabCount: Int { partial.count + full.count + free.count }

  mutating func remove(_ slab: Ref<Page>, of count: Int) {
    switch slab.activeObjects {
    case 0: free.remove(slab)
    case count: full.remove(slab)
    default: partial.remove(slab)
    }
  }

  /// Lists a slab from which objects were taken: it is the next one that is asked.
  ///
  /// Linux: `fixup_slab_list()`.
  mutating func insert(taken slab: Ref<Page>, of count: Int) {
    slab.activeObjects == count ? full.pushFront(slab) : partial.pushFront(slab)
  }

  /// Lists a slab into which an object was freed: it is asked last, so that its other objects have
  /// the longest time to come back too. Linux: `free_block()`.
  mutating func insert(freed slab: Ref<Page>) {
    slab.activeObjects == 0 ? free.pushFront(slab) : partial.pushBack(slab)
  }

  /// Lists a new slab. Linux: `cache_grow_end()`.
  mutating func insert(new slab: Ref<Page>, of count: Int) {
    freeObjects += count - slab.activeObjects
    slab.activeObjects == 0 ? free.pushBack(slab) : insert(taken: slab, of: count)
  }
}

/// What the page of a slab's first frame says. Linux: `struct slab`: `freelist`, `active`.
extension Ref where Object == Page {
  /// Where the numbers of the free objects stand; 0 where a full slab keeps none.
  @inline(__always)
  var indexList: UInt {
    get { pointee.index }
    nonmutating set { pointee.index = newValue }
  }

  /// The objects that are not free; the numbers of the free ones stand behind so many others.
  @inline(__always)
  var activeObjects: Int {
    get { Int(pointee.privateData) }
    nonmutating set { pointee.privateData = UInt(newValue) }
  }

  /// How far the first object is from the start of the slab: a word of its own, which nobody changes
  /// while the slab lives.
  @inline(__always)
  var colourOffset: UInt {
    get { pointee.charge }
    nonmutating set { pointee.charge = newValue }
  }
}
