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
  let gate: ProcessorGate
  /// To be reached by its own address, `Ref.value`: an access of the whole would be one of the gate.
  private var stored: Value

  init(_ value: Value) {
    gate = ProcessorGate()
    stored = value
  }

  fileprivate static var valueOffset: UInt {
    @inline(__always) get {
      let mask = MemoryLayout<Value>.alignment &- 1
      return UInt(bitPattern: (MemoryLayout<ProcessorGate>.size &+ mask) & ~mask)
    }
  }
}

extension Ref where Object: ~Copyable {
  /// What the processor has; for whoever it is that has it.
  @inline(__always)
  func value<Value>() -> Ref<Value> where Object == ProcessorOwned<Value> {
    let place = address &+ ProcessorOwned<Value>.valueOffset
    // SAFETY: the value is the second field, behind the gate.
    return unsafe Ref<Value>(UnsafeMutablePointer(bitPattern: place).unsafelyUnwrapped)
  }
}

/// Who may pass to what stands behind.
struct ProcessorGate: ~Copyable {
  private let busy: Atomic<UInt>
  private let asked: Atomic<UInt>
  private let lock: RawSpinLock

  init() {
    busy = Atomic(0)
    asked = Atomic(0)
    lock = RawSpinLock()
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
    if gate.enter(source) {
      defer { gate.leave() }
      return body()
    }
    gate.shut(source, isOwn: true)
    defer { gate.readmit(source) }
    return body()
  }

  /// The same for any other processor, which waits meanwhile.
  func withOthers<Result>(_ source: ProcessorSource, _ body: () -> Result) -> Result {
    gate.shut(source, isOwn: false)
    defer { gate.readmit(source) }
    return body()
  }
}
