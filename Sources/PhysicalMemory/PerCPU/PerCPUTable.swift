internal import MemoryTypes

/// The per-CPU lists of one zone, one slot of whole cache lines per processor.
///
/// Linux: `zone->per_cpu_pageset`.
@safe
struct PerCPUTable: @unchecked Sendable {
  typealias Slot = SpinLock<PerCPULists>

  private let base: UnsafeMutableRawPointer
  /// How many processors there are.
  let count: Int

  /// Empty lists for `count` processors in `size(for:)` bytes at `base`, aligned to 64.
  @unsafe
  init(_ base: UnsafeMutableRawPointer, count: Int) {
    unsafe self.base = base
    self.count = count
    for processor in 0..<count {
      unsafe (base + processor * Self.stride).bindMemory(to: Slot.self, capacity: 1)
        .initialize(to: SpinLock(PerCPULists()))
    }
  }

  private static var stride: Int { (MemoryLayout<Slot>.size + 63) & ~63 }

  /// The bytes that `count` processors need.
  static func size(for count: Int) -> Int { count * stride }

  /// The lists of `processor`, which must be one of the machine's.
  @inline(__always)
  subscript(processor: Int) -> Ref<Slot> {
    precondition(UInt(bitPattern: processor) < UInt(bitPattern: count), "no such processor")
    // SAFETY: the slots were initialised, and stand as long as the zone.
    return unsafe Ref(
      (base + processor &* Self.stride).assumingMemoryBound(to: Slot.self))
  }

  /// The frames on the lists of all processors.
  var pageCount: PageCount {
    var sum = 0
    for processor in 0..<count { sum += self[processor].pointee.withLock { $0.count } }
    return PageCount(UInt(sum))
  }

  /// The frames that owners gave to the lists of all processors, since boot.
  var freed: UInt {
    var sum: UInt = 0
    for processor in 0..<count { sum &+= self[processor].pointee.withLock { $0.freed } }
    return sum
  }
}
