import MemoryTypes
import Testing

struct Item: ~Copyable {
  var key: Int
  var weight = 0
  var heaviest = 0
  var listLink = ListLink<Item>()
  var treeLink = TreeLink<Item>()

  init(_ key: Int) {
    self.key = key
  }
}

enum ItemList: ListLinking {
  static func link(of item: Ref<Item>) -> Ref<ListLink<Item>> {
    unsafe Ref(&item.pointee.listLink)
  }
}

enum ItemTree: TreeLinking {
  static func link(of item: Ref<Item>) -> Ref<TreeLink<Item>> {
    unsafe Ref(&item.pointee.treeLink)
  }
  static func precedes(_ left: Ref<Item>, _ right: Ref<Item>) -> Bool {
    left.pointee.key < right.pointee.key
  }
  static func updateAugmentation(of item: Ref<Item>) -> Bool {
    let link = link(of: item).pointee
    let heaviest = max(
      item.pointee.weight, link.left?.pointee.heaviest ?? 0, link.right?.pointee.heaviest ?? 0)
    defer { item.pointee.heaviest = heaviest }
    return item.pointee.heaviest != heaviest
  }
}

@Test(
  "a tree keeps its order, its colours and its summaries through random insertions and removals")
func smoke() {
  var generator = SeededGenerator(seed: 1)
  let items = UnsafeMutablePointer<Item>.allocate(capacity: 200)
  for i in 0..<200 { unsafe (items + i).initialize(to: Item(Int(generator.next(below: 150)))) }
  var tree = RedBlackTree<ItemTree>()
  var list = IntrusiveList<ItemList>()
  var isIn = [Bool](repeating: false, count: 200)
  for _ in 0..<20000 {
    let i = Int(generator.next(below: 200))
    let item = unsafe Ref(items + i)
    if isIn[i] {
      tree.remove(item)
      list.remove(item)
    } else {
      item.pointee.weight = Int(generator.next(below: 1000))
      tree.insert(item)
      list.pushBack(item)
    }
    isIn[i].toggle()
    tree.checkInvariants()
    list.checkInvariants()
  }
  let lock = SpinLock(5)
  lock.withLock { $0 += 1 }
  #expect(lock.withLock { $0 } == 6)
}
