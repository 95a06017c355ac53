internal import MemoryTypes

extension Buddy {
  /// Traps unless every frame is free in exactly one block, or allocated, or reserved, the lists
  /// agree with the descriptors, and the sums are right. O(frames).
  func checkInvariants() {
    let listed = checkLists()
    let found = checkFrames()
    precondition(found.free == listed, "free blocks that stand in no list")
    precondition(found.free == freePages.rawValue, "the count of free frames is wrong")
    precondition(
      found.free + found.allocated == managedPages.rawValue, "managed frames were lost")
  }

  /// The frames in all free lists.
  private func checkLists() -> UInt {
    var sum: UInt = 0
    var order = Order.zero
    while order <= maximumOrder {
      let list = lists[order.index]
      list.checkInvariants()
      var next = list.first
      while let block = next {
        precondition(pages.contains(block), "a free list holds a foreign page")
        precondition(block.pointee.state == .free, "a block in a free list is not free")
        precondition(block.pointee.order == order, "a free block stands in another order's list")
        next = list.next(after: block)
      }
      sum += UInt(list.count) * order.pageCount.rawValue
      order = order.next
    }
    return sum
  }

  private func checkFrames() -> (free: UInt, allocated: UInt) {
    var free: UInt = 0
    var allocated: UInt = 0
    var frame = range.start
    while frame < range.end {
      let page = pages[frame]
      let size = page.pointee.order.pageCount
      if page.pointee.flags.contains(.reserved) {
        precondition(page.pointee.state == .inside, "a frame is reserved and in use")
        frame = frame + PageCount(1)
        continue
      }
      checkBlock(frame, page.pointee.order)
      if page.pointee.state == .free {
        checkUnmerged(frame, page.pointee.order)
        free += size.rawValue
      } else {
        precondition(page.pointee.state == .allocated, "a frame is neither free nor owned")
        allocated += size.rawValue
      }
      frame = frame + size
    }
    return (free, allocated)
  }

  private func checkBlock(_ frame: PageFrameNumber, _ order: Order) {
    let size = order.pageCount
    precondition(order <= maximumOrder, "a block is larger than the largest order")
    precondition(frame.rawValue & (size.rawValue &- 1) == 0, "a block is not aligned to its size")
    precondition(frame + size <= range.end, "a block reaches beyond the zone")
    let isCompound = pages[frame].pointee.flags.contains(.head)
    var inside = frame + PageCount(1)
    while inside < frame + size {
      let page = pages[inside]
      precondition(page.pointee.state == .inside, "a frame stands in two blocks")
      precondition(
        page.pointee.flags.isDisjoint(with: [.reserved, .head]), "a frame stands in two blocks")
      precondition(
        page.pointee.flags.contains(.tail) == isCompound, "a tail without a head, or the reverse")
      inside = inside + PageCount(1)
    }
  }

  private func checkUnmerged(_ frame: PageFrameNumber, _ order: Order) {
    guard order < maximumOrder else { return }
    let other = PageFrameNumber(frame.rawValue ^ order.pageCount.rawValue)
    guard range.contains(other) else { return }
    let buddy = pages[other]
    precondition(
      !(buddy.pointee.state == .free && buddy.pointee.order == order),
      "two free buddies were not merged")
  }
}
