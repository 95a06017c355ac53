internal import MemoryTypes

extension Buddy {
  /// Traps unless every frame is free in exactly one block, or allocated, or reserved, the lists
  /// agree with the descriptors, and the sums are right. O(frames).
  ///
  /// - Parameter kept: The frames on the per-CPU lists of the zone.
  func checkInvariants(kept: PageCount) {
    let listed = checkLists()
    let found = checkFrames()
    precondition(found.free == listed, "free blocks that stand in no list")
    let counted = freePages.rawValue + isolatedPages.rawValue
    precondition(found.free == counted, "the count of free frames is wrong")
    precondition(
      found.free + found.allocated == zone.pointee.managedPages.rawValue,
      "managed frames were lost")
    precondition(found.kept == kept.rawValue, "a frame is marked as a processor's that has none")
  }

  /// The frames in all free lists.
  private func checkLists() -> UInt {
    var sum: UInt = 0
    for type in MigrateType.allCases {
      var frames: UInt = 0
      var order = Order.zero
      while order <= maximumOrder {
        frames += checkList(order, type) * order.pageCount.rawValue
        order = order.next
      }
      check(frames, type)
      sum += frames
    }
    return sum
  }

  /// Compares the frames in the lists of a type with what is counted for it alone.
  private func check(_ frames: UInt, _ type: MigrateType) {
    switch type {
    case .isolated:
      precondition(frames == isolatedPages.rawValue, "the count of isolated frames is wrong")
    case .cma:
      let counted = freeCMAPages.rawValue
      precondition(frames == counted, "the count of free frames of contiguous areas is wrong")
    case .highAtomic:
      let counted = zone.pointee.counters.freeHighAtomicPages
      precondition(frames == counted, "the count of free frames kept back is wrong")
    case .unmovable, .movable, .reclaimable: break
    }
  }

  private func checkList(_ order: Order, _ type: MigrateType) -> UInt {
    let count = lists.checkInvariants(order, type)
    lists.forEachBlock(order, type) { block in
      precondition(pages.contains(block), "a free list holds a foreign page")
      precondition(
        block.pointee.isFree(order, in: zone), "a block in a free list is not a free one")
      precondition(
        pageblocks[pages.frame(of: block)] == type, "a free block stands in another type's list")
    }
    let bit = zone.pointee.counters.orders(of: type) >> UInt32(order.rawValue) & 1
    precondition((bit == 1) == (count > 0), "the bits of the orders that have blocks are wrong")
    return UInt(count)
  }

  private func checkFrames() -> (free: UInt, allocated: UInt, kept: UInt) {
    var free: UInt = 0
    var allocated: UInt = 0
    var kept: UInt = 0
    var frame = range.start
    while frame < range.end {
      let page = pages[frame]
      if page.pointee.flags.contains(.reserved) {
        frame = frame + PageCount(1)
        continue
      }
      let size = page.pointee.order.pageCount
      if isForeign(page) {
        frame = frame + size
        continue
      }
      checkBlock(frame, page.pointee.order)
      if page.pointee.state == .free {
        checkUnmerged(frame, page.pointee.order)
        free += size.rawValue
      } else {
        precondition(page.pointee.state == .allocated, "a frame is neither free nor owned")
        allocated += size.rawValue
        if page.pointee.flags.contains(.perCPU) { kept += size.rawValue }
      }
      frame = frame + size
    }
    return (free, allocated, kept)
  }

  /// Whether the frame is of a zone whose range overlaps this one.
  private func isForeign(_ page: Ref<Page>) -> Bool {
    page.pointee.state != .inside && !page.pointee.isIn(zone)
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
    let block = AlignedBlock(frame, order)
    guard order < maximumOrder, freeBuddy(of: block, order) != nil else { return }
    let mayMerge =
      order < pageblocks.order
      || (pageblocks[frame].isOrdinary && pageblocks[block.buddy].isOrdinary)
    precondition(!mayMerge, "two free buddies were not merged")
  }
}
