internal import MemoryTypes

extension Buddy {
  /// Takes the free blocks of a pageblock out of everyone's reach, and of what is freed there later.
  ///
  /// A free block larger than the pageblock is cut first. False, and nothing changed, when the
  /// pageblock is isolated already or not all of it is in the zone.
  /// Linux: `set_migratetype_isolate()`, `move_freepages_block_isolate()`.
  mutating func isolate(_ frame: PageFrameNumber) -> Bool {
    let whole = pageblocks.block(of: frame)
    let type = pageblocks[frame]
    guard type != .isolated, type != .highAtomic, range.start <= whole.start,
      whole.end <= range.end
    else { return false }
    cutBlock(over: whole)
    moveFreeBlocks(in: whole, from: type, to: .isolated)
    pageblocks[frame] = .isolated
    return true
  }

  /// Gives an isolated pageblock back to requests of `type` and merges what can be merged.
  ///
  /// Linux: `unset_migratetype_isolate()`.
  mutating func release(_ frame: PageFrameNumber, to type: MigrateType) {
    guard pageblocks[frame] == .isolated else { return }
    let whole = pageblocks.block(of: frame)
    // Isolated neighbours may have become one block with this one.
    cutBlock(over: whole)
    moveFreeBlocks(in: whole, from: .isolated, to: type)
    pageblocks[frame] = type
    let first = pages[whole.start]
    guard pageblocks.order < maximumOrder, first.pointee.isFree(pageblocks.order, in: zone) else {
      return
    }
    // The whole pageblock is one block: its buddy may have waited for it.
    unlist(first, pageblocks.order, type)
    insert(whole.start, pageblocks.order, type, at: .tail)
  }

  /// Whether every frame of the range is free and isolated. Linux: `test_pages_isolated()`.
  func isFreeAndIsolated(_ frames: FrameRange) -> Bool {
    guard var frame = freeBlock(holding: frames.start) else { return false }
    while frame < frames.end {
      let page = pages[frame]
      guard pageblocks[frame] == .isolated, page.pointee.isFree(in: zone) else { return false }
      frame = frame + page.pointee.order.pageCount
    }
    return true
  }

  /// Cuts the free block that is larger than a pageblock and covers this one.
  private mutating func cutBlock(over pageblock: FrameRange) {
    var order = pageblocks.order
    while order < maximumOrder {
      order = order.next
      let start = PageFrameNumber(
        pageblock.start.rawValue & ~(order.pageCount.rawValue &- 1))
      guard range.contains(start), pages[start].pointee.isFree(order, in: zone) else { continue }
      let type = pageblocks[start]
      unlist(pages[start], order, type)
      var part = start
      while part < start + order.pageCount {
        list(pages[part], pageblocks.order, pageblocks[part], at: .head)
        part = part + pageblocks.order.pageCount
      }
      return
    }
  }
}
