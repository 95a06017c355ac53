/// In which order a node's requests try the nodes: itself, then the nearest not tried yet.
///
/// Of nodes equally far, those with processors of their own are spared, and so are those that other
/// nodes fall back to already; of what is left, the next higher number goes first. Built for all
/// nodes in turn, since each order loads the nodes it prefers.
///
/// Linux: `build_zonelists()`, `find_next_best_node()`, mm/page_alloc.c; printed as
/// "Fallback order for Node 0: 0 1".
public struct FallbackOrder: Sendable {
  private var order = InlineArray<64, Int32>(repeating: -1)
  /// How many nodes the order has.
  public private(set) var count = 0

  /// The node at `index` of the order.
  public subscript(index: Int) -> Int32 {
    precondition(index >= 0 && index < count, "no such node in the order")
    return order[index]
  }

  /// The order of `node`; `loads` carries from one node's order to the next.
  init(
    _ node: Int32, memory: NodeSet, processors: NodeSet, _ distances: NodeDistances,
    _ loads: inout NodeLoads
  ) {
    var tried = NodeSet()
    var previous = node
    while let next = Self.next(node, tried, memory, processors, distances, loads) {
      // The first of several equally far nodes gets the load, so that others go elsewhere.
      if distances[node, next] != distances[node, previous] { loads[next] &+= 1 }
      order[count] = next
      count += 1
      tried.insert(next)
      previous = next
    }
  }

  private static func next(
    _ node: Int32, _ tried: NodeSet, _ memory: NodeSet, _ processors: NodeSet,
    _ distances: NodeDistances, _ loads: NodeLoads
  ) -> Int32? {
    if memory.contains(node) && !tried.contains(node) { return node }
    var best: Int32?
    var least = Int.max
    for candidate in Int32(0)..<64 where memory.contains(candidate) && !tried.contains(candidate) {
      var value = Int(distances[node, candidate])
      if candidate < node { value += 1 }
      if processors.contains(candidate) { value += 1 }
      value = value * 64 + Int(loads[candidate])
      if value < least { (least, best) = (value, candidate) }
    }
    return best
  }
}

/// How often each node stands high in the order of another one. Linux: `node_load`.
public struct NodeLoads: Sendable {
  private var loads = InlineArray<64, UInt8>(repeating: 0)

  public init() {}

  subscript(node: Int32) -> UInt8 {
    get { loads[Int(node)] }
    set { loads[Int(node)] = newValue }
  }

  /// The order for the next node; ask for all nodes from 0 up.
  public mutating func fallbackOrder(
    of node: Int32, memory: NodeSet, processors: NodeSet, _ distances: NodeDistances
  ) -> FallbackOrder {
    FallbackOrder(node, memory: memory, processors: processors, distances, &self)
  }
}
