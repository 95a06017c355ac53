internal import MemoryTypes

extension PageAllocator {
  /// Says which node a processor is near to, where its requests without a policy begin.
  ///
  /// Until then processors are spread over the nodes in turn. While nobody allocates. Traps unless
  /// both exist. Linux: `set_cpu_numa_node()`.
  public func place(processor: Int, near node: Int) {
    precondition(nodes.indices.contains(node), "no such node")
    processorNodes[processor] = node
    setUp()
  }

  /// Builds the zonelists and computes every mark from what zones manage now.
  ///
  /// At boot, and again while nobody allocates when zones have grown or shrunk.
  /// Linux: `build_all_zonelists()`, `init_per_zone_wmark_min()`.
  func setUp() {
    buildZonelists()
    setMarks()
  }

  func buildZonelists() {
    zonelists.removeAll()
    var withMemory = NodeSet()
    var withProcessors = NodeSet()
    for node in nodes.indices where isPopulated(node) { withMemory.insert(Int32(node)) }
    for processor in 0..<options.processors {
      withProcessors.insert(Int32(processorNodes[processor]))
    }
    var loads = NodeLoads()
    for node in nodes.indices {
      guard let distances = options.distances else {
        for step in nodes.indices { append(zonesOf: (node + step) % nodes.count, to: node) }
        continue
      }
      let order = loads.fallbackOrder(
        of: Int32(node), memory: withMemory, processors: withProcessors, distances)
      for index in 0..<order.count { append(zonesOf: Int(order[index]), to: node) }
    }
  }

  private func isPopulated(_ node: Int) -> Bool {
    for index in 0..<zones.kindCount
    where zones[node * zones.kindCount + index].pointee.managedPages > .zero {
      return true
    }
    return false
  }

  /// The populated zones of a node, highest first. Linux: `build_zonerefs_node()`.
  private func append(zonesOf other: Int, to node: Int) {
    var index = zones.kindCount
    while index > 0 {
      index -= 1
      let place = other * zones.kindCount + index
      if zones[place].pointee.managedPages > .zero { zonelists.append(place, to: node) }
    }
  }
}
