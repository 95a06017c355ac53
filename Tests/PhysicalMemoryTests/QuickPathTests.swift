import MemoryTypes
import PhysicalMemory
import Testing

/// The quick way of a request must leave the traces that the long one does.
struct QuickPathTests {
  /// A machine whose free frames are single ones of unmovable pageblocks, and nothing was wrong.
  private func calm(
    configure: (inout PageAllocatorOptions) -> Void = { _ in }
  ) throws -> Laboratory {
    let machine = try Laboratory(small: 1024, configure: configure)
    for block in machine.fillUnmovable() {
      machine.free(stride(from: block.start.rawValue, to: block.end.rawValue, by: 2))
    }
    machine.pages.pointee.drainPerCPULists()
    machine.setMarks(min: 4, low: 8, high: 20)
    machine.zone().pointee.isBelowHigh = false
    return machine
  }

  @Test("the request that mixes types wakes the reclaim, not the next one")
  func wakes() throws {
    let machine = try calm()
    let relief = ReliefScript()
    relief.serve(machine)
    _ = try machine.take(0, [.kernel, .movable])
    #expect(machine.zone().pointee.watermarkBoost > .zero)
    #expect(relief.asked == [.background])
  }

  /// Once to keep types apart, once to mix them. Each fetches, or tries to, and learns from it.
  @Test("a request that has to mix types tries a zone twice")
  func tries() throws {
    let machine = try calm { options in
      options.layout = ZoneLayout(
        pageSize: .size4K, kinds: [.dma32], dma32End: PhysicalAddress(0x4_0000 * 4096))
      options.hasPerCPULists = true
      options.watermarkBoostFactor = 0
    }
    machine.setBatch(2, lowest: 4, highest: 64)
    machine.setMarks(min: 4, low: 8, high: 20)
    machine.zone().pointee.restoreTuning(of: 0, PerCPUState(high: 4, freeCount: 64))
    _ = try machine.take(0, [.kernel, .movable])
    let tuning = machine.zone().pointee.tuning(of: 0)
    #expect(tuning.allocationFactor == 2)
    #expect(tuning.freeCount == 16)
  }
}
