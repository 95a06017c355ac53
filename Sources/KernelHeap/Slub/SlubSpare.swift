internal import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

/// Free objects of any slabs that a processor keeps for itself: their slabs count them as in use.
///
/// Where most slabs are nearly full, frees and allocations would each change the state of a slab;
/// with these they change one list that is in the processor's cache. The second word of the pair
/// holds the transaction above a count of 16 bits. Linux: sheaves (6.18), `sheaf_capacity`.
extension Ref where Object == SlubProcessor {
  /// The first of the spare objects; nil when there is none, or someone interfered.
  @inline(__always)
  func takeSpare(_ core: Ref<SlabCore>) -> UInt? {
    let state = unsafe spareWords[1].load(ordering: .acquiring)
    let first = unsafe spareWords[0].load(ordering: .acquiring)
    guard first != 0 else { return nil }
    let next = core.nextFree(after: first)
    let isTaken = replaceSpare(
      WordPair(first: first, second: state),
      WordPair(first: next, second: state &+ 0x10000 &- 1))
    return isTaken ? first : nil
  }

  /// Keeps `object`; false when there are enough, or someone interfered.
  @inline(__always)
  func keepSpare(_ object: UInt, _ core: Ref<SlabCore>) -> Bool {
    let state = unsafe spareWords[1].load(ordering: .acquiring)
    let first = unsafe spareWords[0].load(ordering: .acquiring)
    guard first != object else { SlabMisuse.trapFreedTwice() }
    guard state & 0xffff < core.pointee.spareCapacity else { return false }
    core.setNextFree(after: object, to: first)
    return replaceSpare(
      WordPair(first: first, second: state),
      WordPair(first: object, second: state &+ 0x10000 &+ 1))
  }

  /// Takes all spare objects away: the first, and those behind it.
  func takeAllSpare() -> UInt {
    while true {
      let state = unsafe spareWords[1].load(ordering: .acquiring)
      let first = unsafe spareWords[0].load(ordering: .acquiring)
      let isTaken = replaceSpare(
        WordPair(first: first, second: state),
        WordPair(first: 0, second: (state & ~0xffff) &+ 0x10000))
      if isTaken { return first }
    }
  }

  /// The first spare object; 0 for none.
  var firstSpare: UInt { unsafe spareWords[0].load(ordering: .acquiring) }

  @inline(__always)
  private func replaceSpare(_ old: WordPair, _ new: WordPair) -> Bool {
    pointee.spare.compareExchange(expected: old, desired: new, ordering: .acquiringAndReleasing)
      .exchanged
  }

  @unsafe @inline(__always)
  private var spareWords: UnsafeMutablePointer<Atomic<UInt>> {
    // SAFETY: the spare pair is the second field; an atomic word has the layout of half of it.
    unsafe (UnsafeMutableRawPointer(pointer) + MemoryLayout<Atomic<WordPair>>.stride)
      .assumingMemoryBound(to: Atomic<UInt>.self)
  }
}

extension SlubDesign {
  /// Gives the spare objects of a processor back to their slabs. With no lock held.
  func flushSpare(of processor: Ref<SlubProcessor>) {
    var object = processor.takeAllSpare()
    while object != 0 {
      let next = core.nextFree(after: object)
      if let slab = core.pointee.window.headPage(of: object) { freeSlowly(object, in: slab) }
      object = next
    }
  }
}
