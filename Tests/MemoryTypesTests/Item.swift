import MemoryTypes

/// An element with every kind of link.
struct Item: ~Copyable {
  var key: Int
  var weight: Int
  var heaviest = 0
  var listLink = ListLink<Item>()
  var otherListLink = ListLink<Item>()
  var treeLink = TreeLink<Item>()

  init(_ key: Int, weight: Int = 0) {
    self.key = key
    self.weight = weight
  }
}

enum ItemList: ListLinking {
  static func link(of item: Ref<Item>) -> Ref<ListLink<Item>> {
    unsafe Ref(&item.pointee.listLink)
  }
}

enum OtherItemList: ListLinking {
  static func link(of item: Ref<Item>) -> Ref<ListLink<Item>> {
    unsafe Ref(&item.pointee.otherListLink)
  }
}

/// By key, with the greatest weight of each subtree as its summary.
enum ItemTree: TreeLinking {
  static func link(of item: Ref<Item>) -> Ref<TreeLink<Item>> {
    unsafe Ref(&item.pointee.treeLink)
  }

  static func precedes(_ left: Ref<Item>, _ right: Ref<Item>) -> Bool {
    left.pointee.key < right.pointee.key
  }

  static func updateAugmentation(of item: Ref<Item>) -> Bool {
    let link = link(of: item)
    var heaviest = item.pointee.weight
    if let left = link.pointee.left { heaviest = max(heaviest, left.pointee.heaviest) }
    if let right = link.pointee.right { heaviest = max(heaviest, right.pointee.heaviest) }
    defer { item.pointee.heaviest = heaviest }
    return item.pointee.heaviest != heaviest
  }
}
