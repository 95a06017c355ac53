internal import MemoryTypes

extension BootParts {
  /// The place of a node.
  @unsafe
  func node(_ node: Int) -> UnsafeMutablePointer<Node> { unsafe nodes[node].pointer }

  /// Builds the zone number `index` of a node, with empty lists.
  @unsafe
  func buildZone(
    _ span: ZoneSpan, node: Int, index: Int, _ plan: BootPlan, _ groups: Bool,
    _ written: WrittenFrames
  ) {
    let place = node * plan.kindCount + index
    let processors = plan.options.processors
    let zone = zones[place]
    let lags = unsafe CounterLags(
      lags + place * CounterLags.size(for: processors), count: processors)
    let buddy = unsafe Buddy(
      zone: zone, standing: PageStanding(zone: UInt8(place), node: UInt8(node)), pages: pages,
      pageblocks: pageblocks, range: span.range,
      maximumOrder: plan.options.maximumOrder, groupsByMobility: groups, written: written,
      lists: FreeLists(freeLists + place * FreeLists.size),
      lag: lags[0])
    let slots = unsafe PerCPUTable(
      perCPU + place * PerCPUTable.size(for: processors), count: processors)
    unsafe zone.pointer.initialize(
      to: Zone(
        span, node: UInt8(node), place: UInt8(place), perCPU: slots, lags: lags,
        buddy: buddy))
  }
}
