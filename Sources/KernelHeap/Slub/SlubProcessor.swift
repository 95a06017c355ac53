internal import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

/// What one processor keeps of one cache: one or two cache lines. Linux: `struct kmem_cache_cpu`.
///
/// The free list and the number of the transaction change in one exchange, which fails when
/// anybody else did anything here meanwhile; each change takes the next number. Slab and partial
/// slabs change under the lock only.
struct SlubProcessor: ~Copyable {
  /// The first free object of the processor's slab, and the transaction.
  private let top: Atomic<WordPair>
  /// See `SlubSpare.swift`.
  let spare: Atomic<WordPair>
  /// The address of the page of the slab whose objects those are; 0 for none.
  private let current: Atomic<UInt>
  /// Slabs with free objects that no node lists; the lock is for the whole slow path.
  let partial: SpinLock<PageList>

  init() {
    top = Atomic(WordPair(first: 0, second: 0))
    spare = Atomic(WordPair(first: 0, second: 0))
    current = Atomic(0)
    partial = SpinLock(PageList())
  }

  static var stride: Int { (MemoryLayout<SlubProcessor>.size + 63) & ~63 }

  /// The slab whose objects the processor hands out.
  @inline(__always)
  var slab: UInt { current.load(ordering: .acquiring) }

  @inline(__always)
  func setSlab(_ address: UInt) { current.store(address, ordering: .releasing) }
}

extension Ref where Object == SlubProcessor {
  /// The first free object; 0 for none.
  @inline(__always)
  var first: UInt { unsafe words[0].load(ordering: .acquiring) }

  /// The number of the transaction: to be read before what it shall guard.
  @inline(__always)
  var transaction: UInt { unsafe words[1].load(ordering: .acquiring) }

  /// Puts `new` first if `old` still is and nothing has happened since `transaction`.
  ///
  /// Linux: `__update_cpu_freelist_fast()`.
  @inline(__always)
  func replaceFirst(_ old: UInt, with new: UInt, _ transaction: UInt) -> Bool {
    let pair = unsafe UnsafeMutableRawPointer(pointer).assumingMemoryBound(
      to: Atomic<WordPair>.self)
    return unsafe pair.pointee.compareExchange(
      expected: WordPair(first: old, second: transaction),
      desired: WordPair(first: new, second: transaction &+ 1),
      ordering: .acquiringAndReleasing
    ).exchanged
  }

  /// Takes the whole list away.
  func takeAll() -> UInt {
    while true {
      let transaction = self.transaction
      let first = self.first
      if replaceFirst(first, with: 0, transaction) { return first }
    }
  }

  /// The pair word by word: whole pairs cannot be read without writing on every machine.
  @unsafe @inline(__always)
  private var words: UnsafeMutablePointer<Atomic<UInt>> {
    // SAFETY: the pair is the first field, and an atomic word has the layout of half of it.
    unsafe UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Atomic<UInt>.self)
  }
}
