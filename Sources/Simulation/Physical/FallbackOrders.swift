internal import PhysicalMemory
internal import Recordings

/// In which order each node of a recorded machine falls back to the others.
struct FallbackOrders {
  private var orders: [[Int32]] = []

  /// All nodes have memory. Processors are not known to the kernel yet when it builds the orders.
  init(_ run: BootRun, _ known: [BootRun.Node]) {
    let count = Int32(max(known.count, 1))
    var nodes = NodeSet()
    for node in 0..<count { nodes.insert(node) }
    var table = [UInt8](repeating: 0, count: Int(count) * Int(count))
    unsafe table.withUnsafeMutableBufferPointer { table in
      // SAFETY: the table has a byte for each pair of nodes and outlives its use here.
      var distances = unsafe NodeDistances(table.baseAddress!, count: count)
      for stated in run.distances {
        _ = distances.set(from: stated.from, to: stated.to, stated.value)
        let isStated = run.distances.contains { $0.from == stated.to && $0.to == stated.from }
        // QEMU takes one direction for both.
        if !isStated { _ = distances.set(from: stated.to, to: stated.from, stated.value) }
      }
      var loads = NodeLoads()
      for node in 0..<count {
        let order = loads.fallbackOrder(
          of: node, memory: nodes, processors: NodeSet(), distances)
        orders.append((0..<order.count).map { order[$0] })
      }
    }
  }

  subscript(node: Int32) -> [Int32] {
    orders.indices.contains(Int(node)) ? orders[Int(node)] : []
  }
}
