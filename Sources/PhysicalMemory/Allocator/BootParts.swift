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

  /// The bytes that the tables of `plan` need.
  static func size(_ plan: BootPlan) -> Int {
    var block = BootBlock()
    _ = BootParts(plan, &block, isZeroed: true)
    return block.size
  }

  /// Cuts `block` into the tables; nil while it only adds up.
  ///
  /// - Parameter isZeroed: The bytes are zero, which is what unused descriptors hold.
  init?(_ plan: BootPlan, _ block: inout BootBlock, isZeroed: Bool) {
    let zoneCount = plan.zoneCount
    let processors = plan.options.processors
    let frameCount = Int(plan.frames.count.rawValue)
    let allocator = unsafe block.take(1, of: PageAllocator.self)
    let nodes = unsafe block.take(plan.nodeCount, of: Node.self)
    let zones = unsafe block.take(zoneCount, of: Zone.self)
    let lists = unsafe block.take(Zonelists.size(zones: zoneCount, nodes: plan.nodeCount))
    let processorNodes = unsafe block.take(processors, of: UInt8.self)
    let ways = unsafe block.take(
      AllocationWays.count(processors: processors), of: AllocationWay.self)
    let lags = unsafe block.take(zoneCount * CounterLags.size(for: processors))
    let perCPU = unsafe block.take(zoneCount * PerCPUTable.size(for: processors))
    let types = unsafe block.take(plan.pageblockCount)
    let descriptors = unsafe block.take(frameCount, of: Page.self)
    guard let allocator = unsafe allocator, let nodes = unsafe nodes, let zones = unsafe zones,
      let lists = unsafe lists, let processorNodes = unsafe processorNodes,
      let ways = unsafe ways, let lags = unsafe lags, let perCPU = unsafe perCPU,
      let types = unsafe types,
      let descriptors = unsafe descriptors
    else { return nil }
    unsafe self.allocator = allocator
    self.nodes = unsafe NodeTable(nodes, count: plan.nodeCount)
    self.zones = unsafe ZoneTable(zones, count: zoneCount, kindCount: plan.kindCount)
    zonelists = unsafe Zonelists(lists, zones: zoneCount, nodes: plan.nodeCount)
    self.processorNodes = unsafe ProcessorNodes(
      processorNodes, count: processors, nodes: plan.nodeCount)
    self.ways = unsafe AllocationWays(ways, processors: processors)
    unsafe self.lags = lags
    unsafe self.perCPU = perCPU
    pageblocks = unsafe PageblockMap(
      types, over: plan.frames, order: plan.options.pageblockOrder)
    for index in 0..<(isZeroed ? 0 : frameCount) {
      unsafe (descriptors + index).initialize(to: Page())
    }
    pages = unsafe PageArray(
      base: descriptors, start: plan.frames.start, count: plan.frames.count)
  }
}
