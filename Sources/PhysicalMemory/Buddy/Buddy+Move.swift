internal import MemoryTypes

extension Buddy {
  /// How many frames of a pageblock are free, and how many are used by what may move.
  ///
  /// O(frames). Linux: `prep_move_freepages_block()`.
  func population(of frames: FrameRange) -> (free: UInt, movable: UInt) {
    var free: UInt = 0
    var movable: UInt = 0
    var frame = frames.start
    while frame < frames.end {
      let page = pages[frame]
      if page.pointee.isFree(in: zone) {
        let size = page.pointee.order.pageCount
        free &+= size.rawValue
        frame = frame + size
        continue
      }
      // The frames of a large page all move with it, and its head alone stands in the list.
      let size = page.pointee.state == .allocated ? page.pointee.order.pageCount : PageCount(1)
      if page.pointee.isOnLRU { movable &+= min(size, frames.end - frame).rawValue }
      frame = frame + size
    }
    return (free, movable)
  }

  /// Moves the free blocks that begin in `frames` from the lists of one type to those of another,
  /// and counts their frames. O(frames). Linux: `__move_freepages_block()`.
  @discardableResult
  mutating func moveFreeBlocks(
    in frames: FrameRange, from old: MigrateType, to new: MigrateType
  ) -> PageCount {
    var moved = PageCount.zero
    var frame = frames.start
    while frame < frames.end {
      let page = pages[frame]
      guard page.pointee.isFree(in: zone) else {
        frame = frame + PageCount(1)
        continue
      }
      let order = page.pointee.order
      unlist(page, order, old)
      count(-Int(bitPattern: order.pageCount.rawValue), old)
      list(page, order, new, at: .tail)
      count(Int(bitPattern: order.pageCount.rawValue), new)
      moved += order.pageCount
      frame = frame + order.pageCount
    }
    return moved
  }
}
