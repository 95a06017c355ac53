import MemoryTypes
import TestSupport
import Testing

@Suite("IntrusiveList")
struct IntrusiveListTests {
  enum Operation {
    case pushFront(Int)
    case pushBack(Int)
    case insertAfter(Int, at: Int)
    case insertBefore(Int, at: Int)
    case remove(at: Int)
    case popFront
    case popBack
    case splice(Int)
  }

  @Test("a list does what an array does through any history")
  func history() {
    checkHistories(generate: Self.operation, run: Self.run)
  }

  private static func operation(_ generator: inout SeededGenerator) -> Operation {
    let key = generator.next(in: 0..<1000)
    let place = generator.next(in: 0..<64)
    return switch generator.next(in: 0..<9) {
    case 0: .pushFront(key)
    case 1: .pushBack(key)
    case 2: .insertAfter(key, at: place)
    case 3: .insertBefore(key, at: place)
    case 4, 5: .remove(at: place)
    case 6: .popFront
    case 7: .popBack
    default: .splice(place % 4)
    }
  }

  private static func run(_ history: [Operation]) throws {
    let arena = Arena()
    var list = IntrusiveList<ItemList>()
    var model: [Ref<Item>] = []
    for operation in history {
      try apply(operation, to: &list, &model, arena)
      list.checkInvariants()
      try requireEqual(keys(list), model.map { $0.pointee.key }, "elements after \(operation)")
      try requireEqual(list.count, model.count, "count after \(operation)")
      try requireEqual(list.first, model.first, "first after \(operation)")
      try requireEqual(list.last, model.last, "last after \(operation)")
    }
  }

  private static func apply(
    _ operation: Operation, to list: inout IntrusiveList<ItemList>, _ model: inout [Ref<Item>],
    _ arena: Arena
  ) throws {
    switch operation {
    case .pushFront(let key):
      model.insert(arena.make(Item(key)), at: 0)
      list.pushFront(model[0])
    case .pushBack(let key):
      model.append(arena.make(Item(key)))
      list.pushBack(model[model.count - 1])
    case .insertAfter(let key, let place):
      guard !model.isEmpty else { return }
      let index = place % model.count
      let item = arena.make(Item(key))
      list.insert(item, after: model[index])
      model.insert(item, at: index + 1)
    case .insertBefore(let key, let place):
      guard !model.isEmpty else { return }
      let index = place % model.count
      let item = arena.make(Item(key))
      list.insert(item, before: model[index])
      model.insert(item, at: index)
    case .remove(let place):
      guard !model.isEmpty else { return }
      list.remove(model.remove(at: place % model.count))
    case .popFront:
      try requireEqual(list.popFront(), model.isEmpty ? nil : model.removeFirst(), "popFront")
    case .popBack:
      try requireEqual(list.popBack(), model.popLast(), "popBack")
    case .splice(let count):
      var other = IntrusiveList<ItemList>()
      for key in 0..<count {
        model.append(arena.make(Item(-key)))
        other.pushBack(model[model.count - 1])
      }
      list.append(&other)
      try requireEqual(other.count, 0, "count of the list that was appended")
      other.checkInvariants()
    }
  }

  private static func keys(_ list: IntrusiveList<ItemList>) -> [Int] {
    var keys: [Int] = []
    list.forEachElement { keys.append($0.pointee.key) }
    return keys
  }

  @Test("an empty list has no ends and pops nothing")
  func empty() {
    var list = IntrusiveList<ItemList>()
    list.checkInvariants()
    #expect(list.isEmpty && list.count == 0)
    #expect(list.first == nil && list.last == nil)
    #expect(list.popFront() == nil && list.popBack() == nil)
    var other = IntrusiveList<ItemList>()
    list.append(&other)
    #expect(list.isEmpty && other.isEmpty)
  }

  @Test("the only element is first and last and has no neighbour")
  func single() {
    let arena = Arena()
    let item = arena.make(Item(1))
    var list = IntrusiveList<ItemList>()
    list.pushBack(item)
    list.checkInvariants()
    #expect(list.first == item && list.last == item)
    #expect(list.next(after: item) == nil && list.previous(before: item) == nil)
    list.remove(item)
    #expect(list.isEmpty)
  }

  @Test("a removed element's link is clear and can stand in a list again")
  func reuse() {
    let arena = Arena()
    let items = (0..<3).map { arena.make(Item($0)) }
    var list = IntrusiveList<ItemList>()
    for item in items { list.pushBack(item) }
    list.remove(items[1])
    #expect(items[1].pointee.listLink.next == nil && items[1].pointee.listLink.previous == nil)
    list.pushFront(items[1])
    #expect(Self.keys(list) == [1, 0, 2])
  }

  @Test("an element stands in two lists by two links")
  func twoLists() {
    let arena = Arena()
    let items = (0..<4).map { arena.make(Item($0)) }
    var list = IntrusiveList<ItemList>()
    var other = IntrusiveList<OtherItemList>()
    for item in items {
      list.pushBack(item)
      other.pushFront(item)
    }
    list.remove(items[2])
    list.checkInvariants()
    other.checkInvariants()
    #expect(list.count == 3 && other.count == 4)
    #expect(other.popFront() == items[3])
  }

  @Test("the body of a walk may remove the element it is given")
  func removeWhileWalking() {
    let arena = Arena()
    var list = IntrusiveList<ItemList>()
    for key in 0..<10 { list.pushBack(arena.make(Item(key))) }
    let walked = list
    walked.forEachElement { if $0.pointee.key % 2 == 0 { list.remove($0) } }
    list.checkInvariants()
    #expect(Self.keys(list) == [1, 3, 5, 7, 9])
  }

  @Test("a list may be moved in memory while elements stand in it")
  func moved() {
    let arena = Arena()
    let place = arena.make(IntrusiveList<ItemList>())
    place.pointee.pushBack(arena.make(Item(1)))
    place.pointee.pushBack(arena.make(Item(2)))
    let elsewhere = arena.make(place.pointee)
    arena.free(place)
    elsewhere.pointee.checkInvariants()
    #expect(elsewhere.pointee.popFront()?.pointee.key == 1)
    #expect(elsewhere.pointee.popFront()?.pointee.key == 2)
  }
}
