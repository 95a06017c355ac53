import MemoryTypes
import TestSupport
import Testing

@Suite("RedBlackTree")
struct RedBlackTreeTests {
  enum Operation {
    case insert(key: Int, weight: Int)
    case remove(at: Int)
    case weigh(at: Int, weight: Int)
    case search(key: Int)
  }

  @Test("a tree does what a sorted array does through any history", arguments: [8, 100, 100_000])
  func history(keys: Int) {
    checkHistories(
      generate: { generator in Self.operation(&generator, keys: keys) }, run: Self.run)
  }

  private static func operation(
    _ generator: inout SeededGenerator, keys: Int
  ) -> Operation {
    let key = generator.next(in: 0..<keys)
    let weight = generator.next(in: 0..<50)
    return switch generator.next(in: 0..<10) {
    case 0...3: .insert(key: key, weight: weight)
    case 4...6: .remove(at: generator.next(in: 0..<1000))
    case 7...8: .weigh(at: generator.next(in: 0..<1000), weight: weight)
    default: .search(key: key)
    }
  }

  private static func run(_ history: [Operation]) throws {
    let arena = Arena()
    var tree = RedBlackTree<ItemTree>()
    var model: [Ref<Item>] = []
    for operation in history {
      try apply(operation, to: &tree, &model, arena)
      tree.checkInvariants()
      try requireEqual(elements(tree), model, "elements after \(operation)")
      try requireEqual(tree.count, model.count, "count after \(operation)")
      try requireEqual(
        tree.root?.pointee.heaviest, model.map { $0.pointee.weight }.max(), "summary of the root")
    }
  }

  private static func apply(
    _ operation: Operation, to tree: inout RedBlackTree<ItemTree>, _ model: inout [Ref<Item>],
    _ arena: Arena
  ) throws {
    switch operation {
    case .insert(let key, let weight):
      let item = arena.make(Item(key, weight: weight))
      tree.insert(item)
      model.insert(item, at: model.firstIndex { $0.pointee.key > key } ?? model.count)
    case .remove(let place):
      guard !model.isEmpty else { return }
      let item = model.remove(at: place % model.count)
      tree.remove(item)
      arena.free(item)
    case .weigh(let place, let weight):
      guard !model.isEmpty else { return }
      let item = model[place % model.count]
      item.pointee.weight = weight
      tree.augmentationChanged(at: item)
    case .search(let key):
      try requireEqual(
        tree.first { $0.pointee.key < key }, model.first { $0.pointee.key >= key }, "first \(key)")
      try requireEqual(
        tree.last { $0.pointee.key < key }, model.last { $0.pointee.key < key }, "last \(key)")
    }
  }

  private static func elements(_ tree: RedBlackTree<ItemTree>) -> [Ref<Item>] {
    var elements: [Ref<Item>] = []
    tree.forEachElement { elements.append($0) }
    return elements
  }

  @Test("an empty tree has no root and no ends")
  func empty() {
    let tree = RedBlackTree<ItemTree>()
    tree.checkInvariants()
    #expect(tree.isEmpty && tree.count == 0)
    #expect(tree.root == nil && tree.first == nil && tree.last == nil)
    #expect(tree.first { _ in true } == nil && tree.last { _ in true } == nil)
  }

  @Test("every order of inserting and of removing up to five elements keeps the tree whole")
  func everySmallTree() {
    for count in 1...5 {
      let orders = permutations(Array(0..<count))
      for insertion in orders {
        for removal in orders { check(insertion, removal) }
      }
    }
  }

  private func check(_ insertion: [Int], _ removal: [Int]) {
    let arena = Arena()
    let items = (0..<insertion.count).map { arena.make(Item($0, weight: 100 - $0)) }
    var tree = RedBlackTree<ItemTree>()
    for key in insertion {
      tree.insert(items[key])
      tree.checkInvariants()
    }
    for key in removal {
      tree.remove(items[key])
      tree.checkInvariants()
    }
    #expect(tree.isEmpty)
  }

  private func permutations(_ keys: [Int]) -> [[Int]] {
    guard !keys.isEmpty else { return [[]] }
    return keys.indices.flatMap { index in
      var rest = keys
      let key = rest.remove(at: index)
      return permutations(rest).map { [key] + $0 }
    }
  }

  @Test("a tree filled in order is no higher than 2·log2(count + 1)", arguments: [true, false])
  func height(ascending: Bool) {
    let arena = Arena()
    var tree = RedBlackTree<ItemTree>()
    for key in 0..<4095 { tree.insert(arena.make(Item(ascending ? key : -key))) }
    tree.checkInvariants()
    #expect(Self.height(tree, below: tree.root) <= 24)
  }

  private static func height(_ tree: RedBlackTree<ItemTree>, below item: Ref<Item>?) -> Int {
    guard let item else { return 0 }
    return 1
      + max(height(tree, below: tree.left(of: item)), height(tree, below: tree.right(of: item)))
  }

  @Test("equal elements stand in the order of insertion")
  func equalElements() {
    let arena = Arena()
    let items = (0..<20).map { arena.make(Item(7, weight: $0)) }
    var tree = RedBlackTree<ItemTree>()
    for item in items { tree.insert(item) }
    #expect(Self.elements(tree) == items)
  }

  @Test("walking back from the last is walking forward from the first, reversed")
  func bothDirections() {
    withSeed { generator in
      let arena = Arena()
      var tree = RedBlackTree<ItemTree>()
      for _ in 0..<500 { tree.insert(arena.make(Item(generator.next(in: 0..<300)))) }
      var backwards: [Ref<Item>] = []
      var cursor = tree.last
      while let item = cursor {
        backwards.append(item)
        cursor = tree.predecessor(of: item)
      }
      #expect(backwards.reversed() == Self.elements(tree))
    }
  }

  @Test("a removed element's link is clear")
  func clearLink() {
    let arena = Arena()
    let items = (0..<7).map { arena.make(Item($0)) }
    var tree = RedBlackTree<ItemTree>()
    for item in items { tree.insert(item) }
    tree.remove(items[3])
    #expect(tree.parent(of: items[3]) == nil)
    #expect(tree.left(of: items[3]) == nil && tree.right(of: items[3]) == nil)
  }

  @Test("a wrong summary is found by the invariants")
  func wrongSummary() async {
    await #expect(processExitsWith: .failure) {
      let arena = Arena()
      var tree = RedBlackTree<ItemTree>()
      for key in 0..<5 { tree.insert(arena.make(Item(key, weight: key))) }
      tree.root?.pointee.heaviest = 99
      tree.checkInvariants()
    }
  }
}
