import Foundation
import KernelHeap
import MemoryTypes
import TestSupport

/// What a thread does with a heap that others use too.
///
/// Each object holds its thread's number while it lives: two threads with one object do not both
/// find theirs.
@safe
struct ThreadHistory {
  let thread: Int
  /// At most so many objects live.
  let limit: Int
  let take: (inout SeededGenerator) -> UnsafeMutableRawPointer?
  let give: (UnsafeMutableRawPointer) -> Void

  /// Allocates and frees by turns, `steps` times, and leaves nothing.
  func run(_ steps: Int) {
    Laboratory.enter(thread)
    var generator = SeededGenerator(seed: UInt64(thread))
    var living: [UInt] = []
    for _ in 0..<steps {
      if living.count < limit, generator.next(below: 2) == 0 {
        guard let object = unsafe take(&generator) else { continue }
        unsafe object.storeBytes(of: UInt(thread), as: UInt.self)
        living.append(UInt(bitPattern: object))
      } else if let address = living.popLast() {
        let object = unsafe UnsafeMutableRawPointer(bitPattern: address)!
        let number = unsafe object.load(as: UInt.self)
        precondition(number == UInt(thread), "two threads own one object")
        unsafe give(object)
      }
    }
    for address in living { unsafe give(UnsafeMutableRawPointer(bitPattern: address)!) }
  }
}

/// What one thread hands to another, under a lock that the thread sanitizer knows.
final class ObjectQueue: @unchecked Sendable {
  private let lock = NSLock()
  private var addresses: [UInt] = []

  func push(_ address: UInt) { lock.withLock { addresses.append(address) } }

  func pop() -> UInt? { lock.withLock { addresses.popLast() } }

  /// Frees what is left.
  func drain(into heap: Ref<KmallocCaches>) {
    while let address = pop() {
      unsafe heap.pointee.kfree(UnsafeMutableRawPointer(bitPattern: address)!)
    }
  }
}
