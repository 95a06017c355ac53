internal import MemoryTypes

/// Where the tables of an allocator stand in the block that is its home, in bytes from its start:
/// first the small ones, then a descriptor for each frame, each from a cache line on.
struct BootLayout {
  let allocator: Int
  let nodes: Int
  let zones: Int
  let zonelists: Int
  let processorNodes: Int
  let ways: Int
  let freeLists: Int
  let lags: Int
  let perCPU: Int
  let pageblocks: Int
  let pages: Int
  /// The bytes of all of them.
  let size: Int

  init(_ plan: BootPlan) {
    let processors = plan.options.processors
    var end = 0
    func take(_ size: Int) -> Int {
      defer { end += (size + 63) & ~63 }
      return end
    }
    allocator = take(MemoryLayout<PageAllocator>.stride)
    nodes = take(plan.nodeCount * MemoryLayout<Node>.stride)
    zones = take(plan.zoneCount * MemoryLayout<Zone>.stride)
    zonelists = take(Zonelists.size(zones: plan.zoneCount, nodes: plan.nodeCount))
    processorNodes = take(processors)
    ways = take(AllocationWays.count(processors: processors) * MemoryLayout<AllocationWay>.stride)
    freeLists = take(plan.zoneCount * FreeLists.size)
    lags = take(plan.zoneCount * CounterLags.size(for: processors))
    perCPU = take(plan.zoneCount * PerCPUTable.size(for: processors))
    pageblocks = take(plan.pageblockCount)
    pages = take(Int(plan.describedFrames.count.rawValue) * MemoryLayout<Page>.stride)
    size = end
  }
}
