import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Many frames at once, and just as many as are needed.
struct BulkTests {
  @Test("a bulk gives the single frames that were asked for, and takes all of them back")
  func bulk() throws {
    let machine = try Laboratory(small: 1024)
    let before = machine.freeBlocks
    var list = PageList()
    #expect(machine.pages.pointee.allocateBulk(100, flags: .userMovable, to: &list) == 100)
    #expect(list.count == 100)
    list.forEachElement { #expect($0.pointee.references == 1) }
    machine.pages.pointee.checkInvariants()
    machine.pages.pointee.freeBulk(&list)
    #expect(list.isEmpty)
    #expect(machine.freeBlocks == before)
  }

  @Test("a bulk stops at the low mark, but asks for relief to have one frame")
  func bulkShort() throws {
    let machine = try Laboratory(small: 1024)
    machine.setMarks(min: 10, low: 20, high: 30)
    let free = Int(machine.zone().pointee.freePages.rawValue)
    var list = PageList()
    #expect(machine.pages.pointee.allocateBulk(5000, flags: .kernel, to: &list) == free - 20)
    #expect(machine.pages.pointee.allocateBulk(5, flags: .kernel, to: &list) == 1)
    machine.exhaust(.kernel)
    #expect(machine.pages.pointee.allocateBulk(5, flags: .kernel, to: &list) == 0)
    #expect(machine.pages.pointee.allocateBulk(0, flags: .kernel, to: &list) == 0)
    #expect(list.count == free - 19)
    machine.pages.pointee.freeBulk(&list)
    machine.pages.pointee.checkInvariants()
  }

  @Test("an exact size takes the frames it needs and no more", arguments: [1, 2, 3, 5, 8, 17, 31])
  func exact(count: UInt) throws {
    let machine = try Laboratory(small: 1024)
    let before = machine.freeBlocks
    let free = machine.pages.pointee.freePageCount
    let bytes = ByteCount(count * 4096 - 100)
    let first = try machine.pages.pointee.allocateExact(
      bytes, flags: [.kernel, .zeroed, .compound])
    #expect(machine.pages.pointee.freePageCount + PageCount(count) == free)
    for frame in machine.frame(first)..<machine.frame(first) + count {
      #expect(machine.page(frame).pointee.references == 1)
      #expect(machine.page(frame).pointee.flags.isDisjoint(with: [.head, .tail]) == true)
    }
    machine.pages.pointee.checkInvariants()
    machine.pages.pointee.freeExact(first, bytes)
    machine.pages.pointee.checkInvariants()
    #expect(machine.freeBlocks == before || machine.pages.pointee.freePageCount == free)
  }

  @Test("an exact size of nothing is a frame, and one beyond the largest block fails")
  func exactLimits() throws {
    let machine = try Laboratory(small: 1024)
    let first = try machine.pages.pointee.allocateExact(.zero, flags: .kernel)
    #expect(first.pointee.references == 1)
    machine.pages.pointee.freeExact(first, .zero)
    machine.pages.pointee.checkInvariants()
    for bytes in [UInt(33 * 4096), .max] {
      #expect(throws: AllocationError.outOfMemory) {
        _ = try machine.pages.pointee.allocateExact(ByteCount(bytes), flags: .kernel)
      }
    }
  }

  @Test("the frames of a block that was split are freed one by one, and merge")
  func split() throws {
    let machine = try Laboratory(small: 1024)
    let before = machine.freeBlocks
    let block = try machine.take(4)
    machine.pages.pointee.split(block, Order(4))
    machine.pages.pointee.checkInvariants()
    for frame in machine.frame(block)..<machine.frame(block) + 16 {
      machine.free(machine.page(frame), 0)
      machine.pages.pointee.checkInvariants()
    }
    #expect(machine.freeBlocks == before)
  }

  @Test("wherever an allocation fails, what was taken goes back and nothing leaks")
  func faults() throws {
    let machine = try Laboratory(small: 1024)
    let before = machine.freeBlocks
    forEachFault { plan in
      machine.pages.pointee.faultPlan = plan
      var blocks: [(Ref<Page>, UInt8)] = []
      var list = PageList()
      for order in UInt8(0)...5 {
        if let page = try? machine.take(order, [.kernel, .movable, .compound]) {
          blocks.append((page, order))
        }
      }
      let count = machine.pages.pointee.allocateBulk(3, flags: .userMovable, to: &list)
      #expect(list.count == count)
      let bytes = ByteCount(5 * 4096)
      if let exact = try? machine.pages.pointee.allocateExact(bytes, flags: .userMovable) {
        machine.pages.pointee.freeExact(exact, bytes)
      }
      let failures = machine.pages.pointee.faultPlan.failureCount
      machine.pages.pointee.faultPlan = .none
      machine.pages.pointee.checkInvariants()
      machine.pages.pointee.freeBulk(&list)
      for (page, order) in blocks { machine.free(page, order) }
      machine.pages.pointee.checkInvariants()
      #expect(machine.freeBlocks == before)
      return failures
    }
  }
}
