import MemoryTypes
import TestSupport
import Testing

@Suite("IntrusiveRing")
struct IntrusiveRingTests {
  private typealias Ring = IntrusiveRing<ItemList>

  enum Operation {
    case insert(Int, atBack: Bool)
    case insertFirst(Int)
    case remove(at: Int)
  }

  @Test("a ring does what an array does through any history")
  func history() {
    checkHistories(generate: Self.operation, run: Self.run)
  }

  @Test("what stands in no ring any more has a link that leads nowhere")
  func removedElements() {
    let arena = Arena()
    let ring = Ring(closedBy: arena.make(Item(0)))
    ring.makeEmpty()
    let item = arena.make(Item(1))
    ring.insert(item, atBack: true)
    Ring.remove(item)
    let list = IntrusiveList<ItemList>()
    #expect(list.next(after: item) == nil && list.previous(before: item) == nil)
    #expect(ring.isEmpty)
  }

  @Test("a wrong back link is trapped")
  func wrongLink() async {
    await #expect(processExitsWith: .failure) {
      let arena = Arena()
      let ring = Ring(closedBy: arena.make(Item(0)))
      ring.makeEmpty()
      let inner = arena.make(Item(1))
      ring.insert(inner, atBack: true)
      // The same element closes a ring of its own: its links lead away from the first ring.
      Ring(closedBy: inner).makeEmpty()
      _ = ring.checkInvariants(limit: 1)
    }
  }

  private static func operation(_ generator: inout SeededGenerator) -> Operation {
    let key = generator.next(in: 0..<1000)
    return switch generator.next(in: 0..<4) {
    case 0: .insert(key, atBack: false)
    case 1: .insert(key, atBack: true)
    case 2: .insertFirst(key)
    default: .remove(at: generator.next(in: 0..<64))
    }
  }

  private static func run(_ history: [Operation]) throws {
    let arena = Arena()
    let ring = Ring(closedBy: arena.make(Item(-1)))
    ring.makeEmpty()
    var model: [Ref<Item>] = []
    for operation in history {
      apply(operation, to: ring, &model, arena)
      try requireEqual(ring.checkInvariants(limit: model.count), model.count, "count")
      var met: [Ref<Item>] = []
      ring.forEachElement { met.append($0) }
      try requireEqual(met, model, "elements after \(operation)")
      try requireEqual(ring.first, model.first, "first after \(operation)")
      try requireEqual(ring.isEmpty, model.isEmpty, "whether it is empty after \(operation)")
    }
  }

  private static func apply(
    _ operation: Operation, to ring: Ring, _ model: inout [Ref<Item>], _ arena: Arena
  ) {
    switch operation {
    case .insert(let key, let atBack):
      let item = arena.make(Item(key))
      ring.insert(item, atBack: atBack)
      model.insert(item, at: atBack ? model.count : 0)
    case .insertFirst(let key):
      model.insert(arena.make(Item(key)), at: 0)
      ring.insertFirst(model[0])
    case .remove(let place):
      guard !model.isEmpty else { return }
      Ring.remove(model.remove(at: place % model.count))
    }
  }
}
