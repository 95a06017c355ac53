internal import MemoryTypes
internal import PhysicalMemory

/// Free objects of any slabs that a processor keeps for itself: their slabs count them as in use.
///
/// Where most slabs are nearly full, frees and allocations would each change the state of a slab;
/// with these they change one row that is in the processor's cache, the object freed last at its
/// end. The rows stand behind the nodes. Linux: sheaves (6.18), `sheaf_capacity`.
extension Ref where Object == SlubProcessor {
  /// The object freed last; nil for none. By whoever has the lists, as are the next ones.
  @inline(__always)
  func takeSpare() -> UInt? {
    let count = value().pointee.spareCount
    guard count != 0 else { return nil }
    value().pointee.spareCount = count &- 1
    return unsafe row[Int(bitPattern: count &- 1)]
  }

  /// Keeps `object`; false when there are `capacity` already.
  @inline(__always)
  func keepSpare(_ object: UInt, _ capacity: UInt) -> Bool {
    let count = value().pointee.spareCount
    guard count < capacity else { return false }
    if count != 0, unsafe row[Int(bitPattern: count &- 1)] == object {
      SlabMisuse.trapFreedTwice()
    }
    unsafe row[Int(bitPattern: count)] = object
    value().pointee.spareCount = count &+ 1
    return true
  }

  /// Takes the `number` objects away that were freed first, chained as free ones are.
  func takeSpares(_ number: UInt, _ core: Ref<SlabCore>) -> UInt {
    let count = value().pointee.spareCount
    precondition(number <= count, "fewer spare objects")
    var chain: UInt = 0
    for index in 0..<Int(number) {
      let object = unsafe row[index]
      core.setNextFree(after: object, to: chain)
      chain = object
    }
    for index in Int(number)..<Int(count) { unsafe row[index - Int(number)] = row[index] }
    value().pointee.spareCount = count &- number
    return chain
  }

  func forEachSpare(_ body: (UInt) -> Void) {
    for index in 0..<Int(value().pointee.spareCount) { body(unsafe row[index]) }
  }

  @inline(__always)
  private var row: UnsafeMutablePointer<UInt> {
    // SAFETY: the body has room there for as many words as the cache's `spareCapacity`.
    unsafe UnsafeMutablePointer(bitPattern: value().pointee.row).unsafelyUnwrapped
  }
}

extension SlubDesign {
  /// Keeps an object where the row is full: the half that was freed first goes back to its slabs.
  @inline(never)
  func spill(_ object: UInt, in slab: Ref<Page>, _ processor: Ref<SlubProcessor>) {
    let capacity = core.pointee.spareCapacity
    guard processor.pointee.gate.enter(source) else { return freeSlowly(object, in: slab) }
    let count = processor.value().pointee.spareCount
    let chain = count < capacity ? 0 : processor.takeSpares((capacity &+ 1) / 2, core)
    let isKept = processor.keepSpare(object, capacity)
    processor.pointee.gate.leave()
    if !isKept { freeSlowly(object, in: slab) }
    freeChain(chain)
  }

  /// Gives spare objects back to their slabs. With no lock held.
  func freeChain(_ first: UInt) {
    var object = first
    while object != 0 {
      let next = core.nextFree(after: object)
      if let slab = core.pointee.window.headPage(of: object) { freeSlowly(object, in: slab) }
      object = next
    }
  }
}
