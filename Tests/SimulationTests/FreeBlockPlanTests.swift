import MemoryTypes
import PhysicalMemory
import Recordings
import Testing

@testable import Simulation

@Suite("Placing free blocks nobody knows the place of")
struct FreeBlockPlanTests {
  @Test("every type gets the blocks of its counts, and no two of them merge")
  func counts() throws {
    let machine = try machine(pages: 64 << 10)
    let zone = try #require(machine.pages.pointee.zones.zone(.normal))
    var plan = FreeBlockPlan(zone.pointee.range, of: machine.pages)
    let wanted: [(MigrateType, [UInt64])] = [
      (.unmovable, [1, 1, 0, 1, 1, 19, 15, 6, 5, 0, 0]),
      (.movable, [0, 1, 90, 157, 31, 88, 15, 14, 8, 2, 7]),
      (.reclaimable, [68, 5, 2, 4, 2, 0, 0, 1, 0, 0, 0]),
    ]
    for (type, counts) in wanted { plan.leave(counts, type) }
    plan.finish()
    #expect(plan.missing.allSatisfy { $0 == 0 })
    for (type, counts) in wanted {
      for (order, count) in counts.enumerated() {
        let found = zone.pointee.freeBlockCount(of: Order(UInt8(order)), type)
        #expect(found == Int(count), "order \(order) of \(type)")
      }
    }
    machine.pages.pointee.checkInvariants()
  }

  private func machine(pages: UInt64) throws -> TracedMachine {
    var options = PageAllocatorOptions(pageSize: .size4K)
    options.hasHugePages = true
    let memory = PhysicalRange(PhysicalAddress(0), count: pages << 12)
    return try TracedMachine(
      TracedMachine.Plan(
        pageSize: .size4K, options: options, memory: [(memory, 0)], reserved: []))
  }
}
