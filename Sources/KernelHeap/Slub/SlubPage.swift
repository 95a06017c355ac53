internal import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

/// The counts of a slab in one word. Linux: `struct slab`: `inuse`, `objects`, `frozen`.
struct SlubCounters: Equatable {
  var rawValue: UInt

  /// Objects that are not in the slab's own free list: those of users and, while a processor has
  /// the slab, those in the processor's list.
  @inline(__always)
  var inUse: UInt {
    get { rawValue & 0xffff }
    set { rawValue = rawValue & ~0xffff | newValue }
  }

  /// The slots of the slab.
  @inline(__always)
  var objects: UInt {
    get { rawValue &>> 16 & 0x7fff }
    set { rawValue = rawValue & ~(0x7fff &<< 16) | newValue &<< 16 }
  }

  /// Whether a processor has the slab for itself.
  @inline(__always)
  var isFrozen: Bool {
    get { rawValue &>> 31 & 1 != 0 }
    set { rawValue = rawValue & ~(1 &<< 31) | (newValue ? 1 &<< 31 : 0) }
  }
}

/// What a slab says about its objects: both words change in one exchange.
struct SlubState: Equatable {
  /// The first free object of the slab's own list; 0 for none. Linux: `freelist`.
  var first: UInt
  var counters: SlubCounters
}

/// What the page of a slab's first frame says about a slab of this design.
extension Ref where Object == Page {
  /// The state as it is, or a mixture of two: an exchange tells.
  @inline(__always)
  var slub: SlubState {
    // SAFETY: both words are only ever reached as atomics while the page is a slab.
    let words = unsafe slubWords
    return unsafe SlubState(
      first: words[0].load(ordering: .acquiring),
      counters: SlubCounters(rawValue: words[1].load(ordering: .acquiring)))
  }

  /// Replaces the state if it still is `old`; says whether it was. Linux: `slab_update_freelist()`.
  @inline(__always)
  func exchangeSlub(_ old: SlubState, for new: SlubState) -> Bool {
    let pair = unsafe UnsafeMutableRawPointer(slubWords).assumingMemoryBound(
      to: Atomic<WordPair>.self)
    return unsafe pair.pointee.compareExchange(
      expected: WordPair(first: old.first, second: old.counters.rawValue),
      desired: WordPair(first: new.first, second: new.counters.rawValue),
      ordering: .acquiringAndReleasing
    ).exchanged
  }

  /// The state of a slab that nobody else knows yet.
  func setSlub(_ state: SlubState) {
    pointee.index = state.first
    pointee.privateData = state.counters.rawValue
  }

  /// Changes the state by `change`, over and over until nobody interferes; the state before.
  @inline(__always)
  func updateSlub(_ change: (inout SlubState) -> Void) -> SlubState {
    while true {
      let old = slub
      var new = old
      change(&new)
      if exchangeSlub(old, for: new) { return old }
    }
  }

  /// Whether the slab stands in its node's list; under the node's lock.
  @inline(__always)
  var isOnNodeList: Bool {
    get { pointee.charge != 0 }
    nonmutating set { pointee.charge = newValue ? 1 : 0 }
  }

  /// `index` and `privateData`, which stand side by side for this.
  @unsafe @inline(__always)
  private var slubWords: UnsafeMutablePointer<Atomic<UInt>> {
    // SAFETY: an atomic word has the layout of a word.
    let word = unsafe Ref<UInt>(&pointee.index)
    return unsafe UnsafeMutableRawPointer(word.pointer).assumingMemoryBound(to: Atomic<UInt>.self)
  }
}
