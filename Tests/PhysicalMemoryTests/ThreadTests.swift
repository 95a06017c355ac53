import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Real threads on one allocator.
struct ThreadTests {
  @Test("threads that allocate and free leave the free lists as they were")
  func stress() throws {
    let machine = try Laboratory(frames: 8192)
    let before = machine.freeBlocks
    let pages = machine.pages
    inThreads(4) { thread in
      var generator = SeededGenerator(seed: UInt64(thread))
      var living: [(Ref<Page>, Order)] = []
      for _ in 0..<20_000 {
        if living.count < 64, generator.next(below: 2) == 0 {
          let order = Order(UInt8(generator.next(below: 5)))
          guard let page = try? pages.pointee.allocatePages(order: order, flags: .kernel) else {
            continue
          }
          page.pointee.privateData = UInt(thread)
          living.append((page, order))
        } else if let (page, order) = living.popLast() {
          precondition(page.pointee.privateData == UInt(thread), "two threads own one block")
          pages.pointee.freePages(page, order: order)
        }
      }
      for (page, order) in living { pages.pointee.freePages(page, order: order) }
    }
    pages.pointee.checkInvariants()
    #expect(machine.freeBlocks == before)
  }
}
