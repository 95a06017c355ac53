internal import Machine
internal import MemoryTypes
internal import PhysicalMemory

/// The pages with free blocks, by the size of what was cut from them. Linux: `free_slob_small`,
/// `free_slob_medium`, `free_slob_large`.
struct SlobLists {
  private(set) var lists = InlineArray<3, PageList>(repeating: PageList())
  /// Where the next search begins in each list: where the last one ended.
  private var rovers = InlineArray<3, Ref<Page>?>(repeating: nil)
  /// The pages of small blocks, full ones too.
  private(set) var pageCount: UInt = 0

  /// The list for blocks of so many bytes. Linux: `SLOB_BREAK1`, `SLOB_BREAK2`.
  static func list(for size: UInt) -> Int {
    if size < 256 { return 0 }
    return size < 1024 ? 1 : 2
  }

  /// The units from the first page, in order from the last one that had some; nil when none has.
  ///
  /// O(pages of the list × their free blocks). Linux: `slob_alloc()`.
  mutating func take(_ request: SlobRequest, _ heap: SlobHeap) -> UInt? {
    let list = Self.list(for: request.size)
    let length = heap.units.count(request.size)
    var left = lists[list].count
    var next = rovers[list]
    while left > 0, let page = next {
      if let address = heap.page(page).take(length, request.alignment, offset: request.offset) {
        noteTaken(page, heap)
        return address
      }
      next = lists[list].next(after: page) ?? lists[list].first
      left -= 1
    }
    return nil
  }

  /// The searches of a list go on at the page that served; where that is full now, where this one
  /// began.
  private mutating func noteTaken(_ page: Ref<Page>, _ heap: SlobHeap) {
    if heap.page(page).freeUnits == 0 { remove(page) } else { rovers[page.slobList] = page }
  }

  /// Adds a page of which a block is to be had.
  mutating func add(_ page: Ref<Page>, to list: Int) {
    page.slobList = list
    if let rover = rovers[list] {
      lists[list].insert(page, before: rover)
    } else {
      lists[list].pushFront(page)
    }
    rovers[list] = page
  }

  mutating func remove(_ page: Ref<Page>) {
    let list = page.slobList
    if rovers[list] == page {
      let next = lists[list].next(after: page) ?? lists[list].first
      rovers[list] = next == page ? nil : next
    }
    lists[list].remove(page)
  }

  mutating func countPages(_ difference: Int) {
    pageCount = UInt(Int(pageCount) + difference)
  }
}

/// What is wanted of the pages of small blocks.
struct SlobRequest {
  /// In bytes, less than a page.
  var size: UInt
  /// A power of two.
  var alignment: UInt
  /// Which byte of the block is to be aligned.
  var offset: UInt = 0
}

extension Ref where Object == Page {
  /// The list that the page stands in while it has free blocks.
  var slobList: Int {
    get { Int(pointee.charge) }
    nonmutating set { pointee.charge = UInt(newValue) }
  }
}
