internal import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

/// What one processor keeps of one cache: one or two cache lines. Linux: `struct kmem_cache_cpu`.
///
/// Only the processor itself uses its lists, so it needs no locked instruction for them, as in
/// Linux, where `this_cpu_cmpxchg` has no lock prefix. It says that it is at work; whoever wants the
/// lists of another (to flush them: Linux sends an interrupt for that) asks first:
///
///     processor:  busy = 1;  asked?  no: work, busy = 0;  yes: busy = 0, wait for the lock
///     other:      lock;  asked = 1;  all processors pass a barrier;  wait until busy = 0;  work
///
/// The barrier is what keeps the processor's store before its load (Dekker 1965, with the price on
/// one side). Where nobody promises that a number belongs to one thread, `busy` is taken in one
/// exchange, and a processor that is busy already goes the slow way.
struct SlubProcessor: ~Copyable {
  private let busy: Atomic<UInt>
  private let asked: Atomic<UInt>
  /// The first free object of the processor's slab; 0 for none.
  private let top: Atomic<UInt>
  /// The address of the page of the slab whose objects those are; 0 for none.
  private let current: Atomic<UInt>
  /// How many objects stand in the row behind; see `SlubSpare.swift`.
  private let spares: Atomic<UInt>
  /// Slabs with free objects that no node lists; the lock is for the whole slow path.
  let partial: SpinLock<PageList>

  init() {
    busy = Atomic(0)
    asked = Atomic(0)
    top = Atomic(0)
    current = Atomic(0)
    spares = Atomic(0)
    partial = SpinLock(PageList())
  }

  /// From one processor's lists to the next one's, with room for so many spare objects.
  static func stride(spares: Int) -> Int {
    (MemoryLayout<SlubProcessor>.stride + spares * MemoryLayout<UInt>.stride + 63) & ~63
  }

  /// The first free object; 0 for none. By whoever has the lists, as are the next ones.
  var first: UInt {
    @inline(__always) get { top.load(ordering: .relaxed) }
  }

  @inline(__always)
  func setFirst(_ object: UInt) { top.store(object, ordering: .relaxed) }

  /// The slab whose objects the processor hands out.
  var slab: UInt {
    @inline(__always) get { current.load(ordering: .relaxed) }
  }

  func setSlab(_ address: UInt) { current.store(address, ordering: .relaxed) }

  var spareCount: UInt {
    @inline(__always) get { spares.load(ordering: .relaxed) }
  }

  @inline(__always)
  func setSpareCount(_ count: UInt) { spares.store(count, ordering: .relaxed) }

  /// Whether the processor, which asks, has its lists until `leave()`; else the lock is the way.
  ///
  /// What happens in between neither waits nor allocates.
  @inline(__always)
  func enter(_ source: ProcessorSource) -> Bool {
    guard source.isExclusive else {
      return busy.exchange(1, ordering: .acquiringAndReleasing) == 0
    }
    busy.store(1, ordering: .releasing)
    if asked.load(ordering: .acquiring) == 0 { return true }
    leave()
    return false
  }

  @inline(__always)
  func leave() { busy.store(0, ordering: .releasing) }

  /// Calls `body` with the processor's partial slabs while it has all its lists: for itself.
  @inline(__always)
  func withOwnLists<Result>(
    _ source: ProcessorSource, _ body: (inout PageList) -> Result
  ) -> Result {
    partial.withLock { partial -> Result in
      if !source.isExclusive { take() }
      defer { if !source.isExclusive { leave() } }
      return body(&partial)
    }
  }

  /// The same for any other processor, which waits meanwhile.
  func withLists<Result>(
    _ source: ProcessorSource, _ body: (inout PageList) -> Result
  ) -> Result {
    partial.withLock { partial -> Result in
      ask(source)
      defer { source.isExclusive ? asked.store(0, ordering: .releasing) : leave() }
      return body(&partial)
    }
  }

  private func ask(_ source: ProcessorSource) {
    guard source.isExclusive else { return take() }
    asked.store(1, ordering: .sequentiallyConsistent)
    source.passBarrier()
    var backoff = SpinBackoff()
    while busy.load(ordering: .acquiring) != 0 { backoff.wait() }
  }

  private func take() {
    var backoff = SpinBackoff()
    while busy.exchange(1, ordering: .acquiringAndReleasing) != 0 { backoff.wait() }
  }
}
