import MemoryTypes
import TestSupport
import Testing

/// Takes nodes from an arena and fails on demand.
struct ArenaNodes: RadixNodeSource {
  struct Exhausted: Error {}

  let arena: Arena
  var plan = FaultPlan.none

  mutating func allocateNode() throws(Exhausted) -> Ref<RadixNode> {
    guard !plan.shouldFail() else { throw Exhausted() }
    return arena.make(RadixNode())
  }

  mutating func freeNode(_ node: Ref<RadixNode>) {
    arena.free(node)
  }
}

@Suite("RadixTree")
struct RadixTreeTests {
  enum Operation {
    case insert(UInt, at: UInt)
    case insertFailing(UInt, at: UInt, nth: UInt32)
    case remove(at: UInt)
    case find(UInt)
    case removeAll
  }

  @Test("a tree does what a dictionary does through any history", arguments: [7, 13, 40, 64])
  func history(bits: Int) {
    checkHistories(generate: { Self.operation(&$0, bits: bits) }, run: Self.run)
  }

  private static func operation(_ generator: inout SeededGenerator, bits: Int) -> Operation {
    let value = UInt(generator.next(below: 1000)) + 1
    let index = Self.index(&generator, bits: bits)
    return switch generator.next(in: 0..<40) {
    case 0...13: .insert(value, at: index)
    case 14...18: .insertFailing(value, at: index, nth: generator.next(below: 6) + 1)
    case 19...30: .remove(at: index)
    case 31...38: .find(index)
    default: .removeAll
    }
  }

  /// Few different indices, so that they are met again, of every height up to `bits`.
  private static func index(_ generator: inout SeededGenerator, bits: Int) -> UInt {
    let index = UInt(truncatingIfNeeded: generator.next()) & 0xC300_0000_0000_31C7
    return index >> UInt(64 - bits + generator.next(in: 0..<bits))
  }

  private static func run(_ history: [Operation]) throws {
    let arena = Arena()
    var tree = RadixTree(nodes: ArenaNodes(arena: arena))
    var model: [UInt: UInt] = [:]
    for operation in history {
      try apply(operation, to: &tree, &model)
      tree.checkInvariants()
      try requireEqual(tree.count, UInt(model.count), "count after \(operation)")
      try requireEqual(UInt(arena.liveCount), tree.nodeCount, "nodes after \(operation)")
    }
    try requireEqual(entries(tree), sorted(model), "entries")
    for index in model.keys { tree.remove(at: index) }
    try requireEqual(arena.liveCount, 0, "nodes of the empty tree")
  }

  private static func apply(
    _ operation: Operation, to tree: inout RadixTree<ArenaNodes>, _ model: inout [UInt: UInt]
  ) throws {
    switch operation {
    case .insert(let value, let index):
      let old = try tree.insert(value, at: index)
      try requireEqual(old, model.updateValue(value, forKey: index) ?? 0, "\(operation)")
    case .insertFailing(let value, let index, let nth):
      let nodeCount = tree.nodeCount
      tree.nodes.plan = .failing(nth: nth)
      do {
        try tree.insert(value, at: index)
        model[index] = value
      } catch {
        try requireEqual(tree.nodeCount, nodeCount, "nodes after a failed insertion")
      }
      tree.nodes.plan = .none
    case .remove(let index):
      try requireEqual(
        tree.remove(at: index), model.removeValue(forKey: index) ?? 0, "\(operation)")
    case .find(let index):
      try requireEqual(tree.value(at: index), model[index] ?? 0, "value at \(index)")
      try requireEqual(
        tree.first(atOrAfter: index)?.index, model.keys.filter { $0 >= index }.min(),
        "first at or after \(index)")
      try requireEqual(
        tree.last(atOrBefore: index)?.index, model.keys.filter { $0 <= index }.max(),
        "last at or before \(index)")
    case .removeAll:
      var removed: [UInt] = []
      tree.removeAll { removed.append($0.index) }
      try requireEqual(removed, model.keys.sorted(), "\(operation)")
      model = [:]
    }
  }

  private static func entries(_ tree: RadixTree<ArenaNodes>) -> [[UInt]] {
    var entries: [[UInt]] = []
    tree.forEachEntry { entries.append([$0.index, $0.value]) }
    return entries
  }

  private static func sorted(_ model: [UInt: UInt]) -> [[UInt]] {
    model.sorted { $0.key < $1.key }.map { [$0.key, $0.value] }
  }

  @Test("an empty tree holds no node and no value")
  func empty() {
    let arena = Arena()
    let tree = RadixTree(nodes: ArenaNodes(arena: arena))
    tree.checkInvariants()
    #expect(tree.isEmpty && tree.count == 0 && tree.nodeCount == 0)
    #expect(tree.value(at: 0) == 0 && tree.value(at: .max) == 0)
    #expect(tree.first(atOrAfter: 0) == nil && tree.last(atOrBefore: .max) == nil)
  }

  @Test("each index at a border of levels can be stored alone and beside the others")
  func borders() throws {
    let borders = (0..<UInt(UInt.bitWidth)).flatMap { bit in
      [UInt(1) << bit, (UInt(1) << bit) - 1, (UInt(1) << bit) + 1]
    }
    let indices = Set(borders + [.max, .max - 1, .max - 63, .max - 64]).sorted()
    let arena = Arena()
    var tree = RadixTree(nodes: ArenaNodes(arena: arena))
    for index in indices {
      try tree.insert(index | 1, at: index)
      tree.checkInvariants()
      #expect(tree.value(at: index) == index | 1)
      tree.remove(at: index)
      arena.expectNothingLive()
    }
    for index in indices { try tree.insert(index | 1, at: index) }
    tree.checkInvariants()
    #expect(Self.entries(tree) == indices.map { [$0, $0 | 1] })
    for index in indices.reversed() {
      #expect(tree.last(atOrBefore: .max)?.index == index)
      #expect(tree.remove(at: index) == index | 1)
      tree.checkInvariants()
    }
    arena.expectNothingLive()
  }

  @Test("index 63 needs one node, 64 a second level, and without it one is enough again")
  func growth() throws {
    let arena = Arena()
    var tree = RadixTree(nodes: ArenaNodes(arena: arena))
    try tree.insert(1, at: 63)
    #expect(tree.nodeCount == 1)
    try tree.insert(2, at: 64)
    #expect(tree.nodeCount == 3)
    tree.remove(at: 64)
    #expect(tree.nodeCount == 1 && tree.value(at: 63) == 1)
    tree.removeAll()
    arena.expectNothingLive()
  }

  @Test("wherever nodes run out, the insertion leaves the tree as it was and leaks none")
  func exhaustion() throws {
    for first in [UInt?.none, 0, 5 << 30] {
      forEachFault { plan in
        let arena = Arena()
        var tree = RadixTree(nodes: ArenaNodes(arena: arena))
        if let first { #expect(throws: Never.self) { try tree.insert(9, at: first) } }
        let before = tree.nodeCount
        tree.nodes.plan = plan
        do {
          try tree.insert(7, at: .max - 5)
          #expect(tree.value(at: .max - 5) == 7)
        } catch {
          #expect(tree.nodeCount == before && tree.value(at: .max - 5) == 0)
        }
        tree.checkInvariants()
        let failures = tree.nodes.plan.failureCount
        tree.removeAll()
        arena.expectNothingLive()
        return failures
      }
    }
  }

  @Test("a walk of a range stops at its end, and at the end of all indices")
  func range() throws {
    let arena = Arena()
    var tree = RadixTree(nodes: ArenaNodes(arena: arena))
    for index in [0, 10, 20, 30, UInt.max] { try tree.insert(1, at: index) }
    var met: [UInt] = []
    tree.forEachEntry(from: 10, through: 29) { met.append($0.index) }
    #expect(met == [10, 20])
    tree.forEachEntry(from: 31) { met.append($0.index) }
    #expect(met == [10, 20, .max])
    tree.removeAll()
  }

  @Test("the body of a walk may remove the entry it is given")
  func removeWhileWalking() throws {
    let arena = Arena()
    var tree = RadixTree(nodes: ArenaNodes(arena: arena))
    for index in 0..<200 { try tree.insert(1, at: UInt(index * 37)) }
    var cursor = tree.first(atOrAfter: 0)
    while let entry = cursor {
      if entry.index % 2 == 0 { tree.remove(at: entry.index) }
      tree.checkInvariants()
      cursor = tree.first(atOrAfter: entry.index + 1)
    }
    #expect(tree.count == 100)
    tree.removeAll()
    arena.expectNothingLive()
  }
}
