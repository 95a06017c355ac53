internal import Machine
internal import MemoryTypes

/// The tables of an allocator, in the block that is its home.
@safe
struct BootParts {
  let allocator: UnsafeMutablePointer<PageAllocator>
  let nodes: NodeTable
  let zones: ZoneTable
  let zonelists: Zonelists
  let processorNodes: ProcessorNodes
  let ways: AllocationWays
  let pageblocks: PageblockMap
  let pages: PageArray
  /// One per zone.
  let perCPU: UnsafeMutableRawPointer
  /// One per zone.
  let lags: UnsafeMutableRawPointer
  /// One per zone.
  let freeLists: UnsafeMutableRawPointer

  /// Makes empty tables in the block at `home`, which is as large as the layout of `plan` says.
  ///
  /// - Parameter isZeroed: The bytes are zero, which is what unused descriptors hold.
  @unsafe
  init(_ plan: BootPlan, in home: UnsafeMutableRawPointer, isZeroed: Bool) {
    let layout = BootLayout(plan)
    let processors = plan.options.processors
    unsafe allocator = (home + layout.allocator).bindMemory(to: PageAllocator.self, capacity: 1)
    nodes = unsafe NodeTable(
      (home + layout.nodes).bindMemory(to: Node.self, capacity: plan.nodeCount),
      count: plan.nodeCount)
    zones = unsafe ZoneTable(
      (home + layout.zones).bindMemory(to: Zone.self, capacity: plan.zoneCount),
      count: plan.zoneCount, kindCount: plan.kindCount)
    zonelists = unsafe Zonelists(
      home + layout.zonelists, zones: plan.zoneCount, nodes: plan.nodeCount)
    processorNodes = unsafe ProcessorNodes(
      (home + layout.processorNodes).bindMemory(to: UInt8.self, capacity: processors),
      count: processors, nodes: plan.nodeCount)
    ways = unsafe AllocationWays(home + layout.ways, processors: processors)
    unsafe lags = home + layout.lags
    unsafe freeLists = home + layout.freeLists
    unsafe perCPU = home + layout.perCPU
    pageblocks = unsafe PageblockMap(
      home + layout.pageblocks, over: plan.frames, order: plan.options.pageblockOrder)
    pages = unsafe Self.descriptors(home + layout.pages, plan, isZeroed)
  }

  @unsafe
  private static func descriptors(
    _ place: UnsafeMutableRawPointer, _ plan: BootPlan, _ isZeroed: Bool
  ) -> PageArray {
    let described = plan.describedFrames
    let count = Int(described.count.rawValue)
    let base = unsafe place.bindMemory(to: Page.self, capacity: count)
    for index in 0..<(isZeroed ? 0 : count) { unsafe (base + index).initialize(to: Page()) }
    let before = Int(plan.frames.start.rawValue - described.start.rawValue)
    return unsafe PageArray(
      base: base + before, start: plan.frames.start, count: plan.frames.count)
  }
}
