internal import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

/// What one processor has for itself, and others only when they ask.
///
/// The processor says that it is at work; whoever wants what another one has (to flush it: Linux
/// sends an interrupt for that) asks first:
///
///     processor:  busy = 1;  asked?  no: work, busy = 0;  yes: busy = 0, wait for the lock
///     other:      lock;  asked = 1;  all processors pass a barrier;  wait until busy = 0;  work
///
/// So the processor needs no locked instruction, as in Linux, where `this_cpu_cmpxchg` has no lock
/// prefix. The barrier is what keeps its store before its load (Dekker 1965, with the price on one
/// side). Where nobody promises that a number belongs to one thread at a time
/// (`ProcessorSource.isExclusive`), `busy` is a lock that is taken in one exchange.
///
/// What happens while the processor is busy does not allocate, and asks nobody.
struct ProcessorOwned<Value>: ~Copyable {
  private let busy: Atomic<UInt>
  private let asked: Atomic<UInt>
  private let lock: RawSpinLock
  /// For whoever has it.
  var value: Value

  init(_ value: Value) {
    busy = Atomic(0)
    asked = Atomic(0)
    lock = RawSpinLock()
    self.value = value
  }

  /// Whether the processor, which asks, has the value until `leave()`; else `withOwn` is the way.
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

  /// Waits until nobody else has the value, and keeps them out: until `readmit`, for any processor.
  @inline(never)
  func shut(_ source: ProcessorSource, isOwn: Bool) {
    lock.lock()
    guard source.isExclusive else { return take() }
    // Who asks has the lock: the processor itself need not ask.
    guard !isOwn else { return }
    asked.store(1, ordering: .sequentiallyConsistent)
    source.passBarrier()
    var backoff = SpinBackoff()
    while busy.load(ordering: .acquiring) != 0 { backoff.wait() }
  }

  @inline(never)
  func readmit(_ source: ProcessorSource) {
    source.isExclusive ? asked.store(0, ordering: .releasing) : leave()
    lock.unlock()
  }

  private func take() {
    var backoff = SpinBackoff()
    while busy.exchange(1, ordering: .acquiringAndReleasing) != 0 { backoff.wait() }
  }
}

extension ProcessorOwned {
  /// Calls `body`, which may use the value meanwhile: for the processor itself.
  @inline(__always)
  func withOwn<Result>(_ source: ProcessorSource, _ body: () -> Result) -> Result {
    if enter(source) {
      defer { leave() }
      return body()
    }
    shut(source, isOwn: true)
    defer { readmit(source) }
    return body()
  }

  /// The same for any other processor, which waits meanwhile.
  func withOthers<Result>(_ source: ProcessorSource, _ body: () -> Result) -> Result {
    shut(source, isOwn: false)
    defer { readmit(source) }
    return body()
  }
}
