internal import MemoryTypes

extension PageAllocator {
  /// Builds the zonelists and computes every mark from what zones manage now.
  ///
  /// At boot, and again while nobody allocates when zones have grown or shrunk.
  /// Linux: `build_all_zonelists()`, `init_per_zone_wmark_min()`.
  func setUp() {
    buildZonelists()
    setMarks()
  }

  /// Says which node a processor is near to, and computes again what follows from it.
  ///
  /// All processors are near node 0 at first. While nobody allocates. Traps where there is no such
  /// processor or node. Linux: `set_cpu_numa_node()`.
  public func place(processor: Int, near node: Int) {
    precondition(node >= 0 && node < nodes.count, "no such node")
    processorNodes[processor] = node
    setUp()
  }

  private func buildZonelists() {
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
