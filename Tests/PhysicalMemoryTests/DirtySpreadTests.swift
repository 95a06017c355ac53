import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Frames that will be dirty are spread over the nodes.
struct DirtySpreadTests {
  /// Two nodes of 512 frames each; the processor is near the first.
  private func machine() throws -> Laboratory {
    try Laboratory(
      small: 1024,
      prepare: { memblock throws(AllocationError) in
        let far = FrameRange(PageFrameNumber(0x4_0200), PageFrameNumber(0x4_0400))
        try memblock.setNode(PhysicalRange(far), 1)
      })
  }

  /// Tells of dirty frames until a node has one more than `PageAllocator` lets it have. Each is
  /// told of the same page: the allocator keeps sums only.
  private func fill(_ machine: Laboratory, _ node: Int, _ use: PageUse = .dirty) throws -> Ref<Page>
  {
    let zone = machine.zone(.normal, node: node)
    let page = try machine.pages.pointee.allocatePages(
      order: .zero, flags: [.kernel, .thisNode], on: .preferring(UInt8(node)))
    let share = zone.pointee.countedFreePages.rawValue / 5
    for _ in 0...share { machine.pages.pointee.begin(use, of: page) }
    #expect(zone.pointee.pageCount(use).rawValue == share + 1)
    return page
  }

  @Test("a request for a frame to write to passes by a node with more dirty frames than its share")
  func passing() throws {
    let machine = try machine()
    #expect(try machine.take(0, [.kernel, .willBeDirty]).pointee.node == 0)
    let page = try fill(machine, 0)
    #expect(try machine.take(0, [.kernel, .willBeDirty]).pointee.node == 1)
    #expect(try machine.take(0, .kernel).pointee.node == 0)
    // Three frames fewer make the share smaller by one at most.
    for _ in 0..<2 { machine.pages.pointee.end(.dirty, of: page) }
    #expect(try machine.take(0, [.kernel, .willBeDirty]).pointee.node == 0)
  }

  @Test(
    "frames that are being written back count as dirty ones do, parts of files enlarge the share")
  func otherUses() throws {
    let machine = try machine()
    let page = try fill(machine, 0, .underWriteback)
    #expect(try machine.take(0, [.kernel, .willBeDirty]).pointee.node == 1)
    for _ in 0..<10 { machine.pages.pointee.begin(.listedFile, of: page) }
    #expect(try machine.take(0, [.kernel, .willBeDirty]).pointee.node == 0)
  }

  @Test("when all nodes are too dirty the nearest serves, after the reclaim was woken")
  func nowhere() throws {
    let machine = try machine()
    let relief = ReliefScript()
    relief.serve(machine)
    for node in 0...1 { _ = try fill(machine, node) }
    #expect(relief.asked.isEmpty)
    #expect(try machine.take(0, [.kernel, .willBeDirty]).pointee.node == 0)
    #expect(relief.asked == [.background])
  }

  @Test("whole pageblocks of another node are not taken for the sake of a clean one")
  func purity() throws {
    let machine = try Laboratory(
      small: 1024,
      configure: { options in
        options.layout.kinds.insert(.dma32)
        options.layout.dma32End = PhysicalAddress(0x4_0100 * 4096)
        options.reserveRatios = [0, 0, 0, 0, 0]
      },
      prepare: { memblock throws(AllocationError) in
        let far = FrameRange(PageFrameNumber(0x4_0200), PageFrameNumber(0x4_0400))
        try memblock.setNode(PhysicalRange(far), 1)
      })
    let zone = machine.zone(.normal, node: 0)
    let page = try machine.take(0)
    let free = machine.zone(.dma32).pointee.countedFreePages + zone.pointee.countedFreePages
    for _ in 0...free.rawValue / 5 { machine.pages.pointee.begin(.dirty, of: page) }
    #expect(try machine.take(0, [.kernel, .willBeDirty]).pointee.node == 1)
  }

  @Test("limits are shares of what could be dirty, as the kernel rounds them")
  func limits() {
    // A booted machine with 512 MiB: free 123400, a reserve of 1065.
    let dirtyable = DirtyLimits.dirtyable(
      free: PageCount(123_400), files: .zero, reserve: PageCount(1065), high: .zero)
    #expect(dirtyable == PageCount(122_336))
    let limits = DirtyLimits(of: dirtyable, .size4K)
    #expect(limits.threshold == PageCount(24_461))
    #expect(limits.background == PageCount(12_215))
    let crossed = DirtyLimits(
      of: PageCount(1000), percent: 10, backgroundPercent: 50, .size64K)
    #expect(crossed.background.rawValue == crossed.threshold.rawValue / 2)
    let nothing = DirtyLimits.dirtyable(
      free: PageCount(3), files: .zero, reserve: PageCount(5), high: PageCount(9))
    #expect(nothing == PageCount(1))
  }
}
