internal import MemoryTypes

extension Zone {
  /// Traps unless every block on a per-CPU list is of this zone, of the list's order, marked so,
  /// and counted. O(frames on them).
  func checkPerCPULists() {
    for processor in 0..<perCPU.count {
      let huge = buddy.withLock { $0.pageblocks.order }
      perCPU[processor].pointee.withLock { lists in
        var sum = 0
        for index in 0..<PerCPULists.listCount {
          let order = PerCPULists.order(of: index, huge: huge)
          let list = lists.list(index)
          list.checkInvariants()
          sum += list.count << order.index
          list.forEachElement { check($0, order) }
        }
        precondition(sum == lists.count, "the count of a processor's frames is wrong")
      }
    }
  }

  private func check(_ block: Ref<Page>, _ order: Order) {
    precondition(block.pointee.isAllocated(order), "a block stands in another order's list")
    precondition(block.pointee.flags.contains(.perCPU), "a block on a list is not marked so")
    precondition(block.pointee.zone == place, "a block of another zone")
  }
}
