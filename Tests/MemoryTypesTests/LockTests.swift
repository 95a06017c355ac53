import Foundation
import MemoryTypes
import TestSupport
import Testing

/// The locks that the threads of a test share.
private struct Shared: ~Copyable {
  let raw = RawSpinLock()
  let counter = SpinLock(0)
  let lock = ReaderWriterLock()
}

/// Plain words that only a lock keeps apart. They stand beside the locks, not with them in one
/// struct: to change a part of a struct is an access to all of it.
private struct Words {
  var first = 0
  var second = 0
}

@Suite("Locks")
struct LockTests {
  private static let threadCount = 4
  private static let rounds = 5_000

  @Test("a raw spin lock lets one thread in at a time")
  func rawSpinLock() {
    let arena = Arena()
    let shared = arena.make(Shared())
    let words = arena.make(Words())
    inThreads(Self.threadCount) { _ in
      for _ in 0..<Self.rounds {
        shared.pointee.raw.lock()
        words.pointee.first += 1
        shared.pointee.raw.unlock()
      }
    }
    #expect(words.pointee.first == Self.threadCount * Self.rounds)
    #expect(shared.pointee.raw.isLocked == false)
  }

  @Test("a spin lock's value gains every thread's additions")
  func spinLock() {
    let arena = Arena()
    let shared = arena.make(Shared())
    inThreads(Self.threadCount) { _ in
      for round in 0..<Self.rounds {
        if round % 3 == 0 {
          while shared.pointee.counter.withLockIfAvailable({ $0 += 1 }) == nil {}
        } else {
          shared.pointee.counter.withLock { $0 += 1 }
        }
      }
    }
    #expect(shared.pointee.counter.withLock { $0 } == Self.threadCount * Self.rounds)
  }

  @Test("readers never see a writer's work half done")
  func readersAndWriters() {
    let arena = Arena()
    let shared = arena.make(Shared())
    let words = arena.make(Words())
    inThreads(Self.threadCount) { thread in
      for round in 0..<Self.rounds {
        if (round + thread) % 4 == 0 {
          shared.pointee.lock.withLock {
            words.pointee.first += 1
            words.pointee.second -= 1
          }
        } else {
          let sum = shared.pointee.lock.withSharedLock {
            words.pointee.first + words.pointee.second
          }
          if sum != 0 { Issue.record("a reader saw \(sum)") }
        }
      }
    }
    #expect(words.pointee.first == Self.threadCount * Self.rounds / 4)
    #expect(shared.pointee.lock.isLocked == false && shared.pointee.lock.isLockedShared == false)
  }

  @Test("a writer that becomes a reader still sees what it wrote")
  func downgradeUnderLoad() {
    let arena = Arena()
    let shared = arena.make(Shared())
    let words = arena.make(Words())
    inThreads(Self.threadCount) { _ in
      for _ in 0..<Self.rounds {
        shared.pointee.lock.lock()
        words.pointee.first += 1
        let written = words.pointee.first
        shared.pointee.lock.downgrade()
        if words.pointee.first != written { Issue.record("a writer came between") }
        shared.pointee.lock.unlockShared()
      }
    }
    #expect(words.pointee.first == Self.threadCount * Self.rounds)
  }

  @Test("a held spin lock is not given twice")
  func tryLock() {
    let lock = RawSpinLock()
    #expect(lock.tryLock() == true)
    #expect(lock.tryLock() == false)
    lock.unlock()
    #expect(lock.tryLock() == true)
  }

  @Test("an error leaves the lock through withLock and frees it")
  func error() {
    struct Failure: Error {}
    let lock = SpinLock(1)
    #expect(throws: Failure.self) {
      try lock.withLock { value throws(Failure) in
        value = 2
        throw Failure()
      }
    }
    #expect(lock.withLockIfAvailable { $0 } == 2)
  }

  @Test("a spin lock ends the value it owns")
  func ownership() {
    final class Witness: @unchecked Sendable {}
    weak var witness: Witness?
    do {
      let value = Witness()
      witness = value
      let lock = SpinLock(value)
      #expect(lock.withLock { $0 === witness })
    }
    #expect(witness == nil)
  }

  @Test("readers share, a writer does not")
  func sharing() {
    let lock = ReaderWriterLock()
    #expect(lock.tryLockShared() == true)
    #expect(lock.tryLockShared() == true)
    #expect(lock.tryLock() == false)
    lock.unlockShared()
    #expect(lock.tryLock() == false)
    lock.unlockShared()
    #expect(lock.tryLock() == true)
    #expect(lock.tryLockShared() == false)
    lock.downgrade()
    #expect(lock.tryLockShared() == true)
    #expect(lock.isLocked == false && lock.isLockedShared == true)
  }

  @Test("a waiting writer keeps new readers out and comes in when the old ones leave")
  func writersPreferred() {
    let arena = Arena()
    let shared = arena.make(Shared())
    let words = arena.make(Words())
    shared.pointee.lock.lockShared()
    let writer = Thread {
      shared.pointee.lock.withLock { words.pointee.first = 1 }
      shared.pointee.lock.withSharedLock { words.pointee.second = 1 }
    }
    writer.start()
    while shared.pointee.lock.tryLockShared() { shared.pointee.lock.unlockShared() }
    #expect(shared.pointee.lock.isLockedShared == true)
    shared.pointee.lock.unlockShared()
    shared.pointee.lock.lockShared()
    #expect(words.pointee.first == 1)
    shared.pointee.lock.unlockShared()
    while !writer.isFinished { Thread.sleep(forTimeInterval: 0.001) }
    #expect(shared.pointee.lock.withSharedLock { words.pointee.second } == 1)
  }
}
