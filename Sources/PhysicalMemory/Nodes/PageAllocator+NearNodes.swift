internal import MemoryTypes

extension PageAllocator {
  /// Calls `body` with the nodes that have zones, from `node` on the nearest first, each once, until
  /// it returns true; says whether it did.
  ///
  /// The order in which requests of the node are offered zones. Linux: `for_each_zone_zonelist()`.
  public func anyNode(from node: Int, where body: (Int) -> Bool) -> Bool {
    var last = -1
    for position in 0..<zonelists.count(of: node) {
      let next = Int(zones[zonelists.zone(position, of: node)].pointee.node)
      // The zones of a node stand together.
      if next == last { continue }
      last = next
      if body(next) { return true }
    }
    return false
  }
}
