import PhysicalMemory
import Testing

/// Which node a node's requests try next.
struct FallbackOrderTests {
  private func orders(
    _ count: Int32, memory: [Int32], processors: [Int32] = [], _ distances: [(Int32, Int32, UInt64)]
  ) -> [[Int32]] {
    var table = [UInt8](repeating: 0, count: Int(count * count))
    return unsafe table.withUnsafeMutableBufferPointer { table in
      var known = unsafe NodeDistances(table.baseAddress!, count: count)
      for (from, to, value) in distances {
        do {
          let isTaken = known.set(from: from, to: to, value)
          #expect(isTaken)
        }
        do {
          let isTaken = known.set(from: to, to: from, value)
          #expect(isTaken)
        }
      }
      var loads = NodeLoads()
      return (0..<count).map { node in
        let order = loads.fallbackOrder(
          of: node, memory: NodeSet(memory), processors: NodeSet(processors), known)
        return (0..<order.count).map { order[$0] }
      }
    }
  }

  @Test("the nearest node comes first")
  func nearest() {
    let orders = orders(3, memory: [0, 1, 2], [(0, 1, 40), (0, 2, 20), (1, 2, 20)])
    #expect(orders[0] == [0, 2, 1])
    #expect(orders[1] == [1, 2, 0])
  }

  @Test("of equally far nodes the next number comes first, and none is everybody's second")
  func rotation() {
    let orders = orders(4, memory: [0, 1, 2, 3], [])
    #expect(orders[0] == [0, 1, 2, 3])
    #expect(orders[1] == [1, 2, 3, 0])
    #expect(orders[2] == [2, 3, 0, 1])
    #expect(orders[3] == [3, 0, 1, 2])
  }

  @Test("a node without memory starts with its neighbour")
  func noMemory() {
    #expect(orders(2, memory: [1], [])[0] == [1])
  }

  @Test("nodes with processors are spared")
  func processors() {
    #expect(orders(3, memory: [0, 1, 2], processors: [0, 1], [])[0] == [0, 2, 1])
  }

  @Test("distances that cannot be true are refused")
  func refused() {
    var table: [UInt8] = [0, 0, 0, 0]
    unsafe table.withUnsafeMutableBufferPointer { table in
      var known = unsafe NodeDistances(table.baseAddress!, count: 2)
      do {
        let isTaken = known.set(from: 0, to: 0, 20)
        #expect(!isTaken)
      }
      do {
        let isTaken = known.set(from: 0, to: 1, 10)
        #expect(!isTaken)
      }
      do {
        let isTaken = known.set(from: 0, to: 2, 20)
        #expect(!isTaken)
      }
      do {
        let isTaken = known.set(from: 0, to: 1, 256)
        #expect(!isTaken)
      }
      #expect(known[0, 1] == 20)
      #expect(known[7, 7] == 10)
    }
  }
}

extension NodeSet {
  fileprivate init(_ nodes: [Int32]) {
    self.init()
    for node in nodes { insert(node) }
  }
}
