internal import Machine
internal import MemoryTypes

/// What boot knows before it builds anything: the frames, and how many of what there will be.
struct BootPlan {
  let options: PageAllocatorOptions
  /// The frames that get a descriptor.
  let frames: FrameRange
  let nodeCount: Int
  let kindCount: Int
  let movable: MovableStarts

  init(
    _ memblock: borrowing Memblock, _ directMap: DirectMap, _ options: PageAllocatorOptions
  ) {
    self.options = options
    frames = Self.frames(memblock, directMap)
    nodeCount = Self.nodeCount(memblock)
    kindCount = options.layout.kinds.rawValue.nonzeroBitCount
    precondition(nodeCount * kindCount <= 256, "more zones than a descriptor can name")
    movable = MovableStarts(
      options.movable, options.layout, maximumOrder: options.maximumOrder, memblock)
  }

  /// The frames and what the largest aligned blocks at both ends take in besides: zeros stand there
  /// for the sake of who asks for a buddy.
  var describedFrames: FrameRange {
    let mask = options.maximumOrder.pageCount.rawValue &- 1
    return FrameRange(
      PageFrameNumber(frames.start.rawValue & ~mask),
      PageFrameNumber((frames.end.rawValue &+ mask) & ~mask))
  }

  var zoneCount: Int { nodeCount * kindCount }
  var pageblockCount: Int { PageblockMap.count(for: frames, order: options.pageblockOrder) }

  /// From the first to the last frame of memory, as far as the window shows them.
  private static func frames(
    _ memblock: borrowing Memblock, _ directMap: DirectMap
  ) -> FrameRange {
    let window = PhysicalRange(directMap.start, count: UInt64(directMap.count.rawValue))
    guard let start = memblock.startOfDRAM, let end = memblock.endOfDRAM else {
      return PhysicalRange(directMap.start, directMap.start).wholeFrames(directMap.pageSize)
    }
    return PhysicalRange(start, end).intersection(window).wholeFrames(directMap.pageSize)
  }

  private static func nodeCount(_ memblock: borrowing Memblock) -> Int {
    var count = 1
    for index in 0..<memblock.memory.count {
      count = max(count, Int(memblock.memory[index].node) + 1)
    }
    return count
  }
}

extension BootPlan {
  /// Whether memory is large enough for pageblocks of different types.
  ///
  /// Linux: `page_group_by_mobility_disabled`, `build_all_zonelists()`.
  func groupsByMobility(_ memblock: borrowing Memblock) -> Bool {
    var present = PageCount.zero
    for node in 0..<nodeCount {
      present += NodeSpan(Int32(node), memblock, options.layout, movable: movable).present
    }
    return present.rawValue
      >= options.pageblockOrder.pageCount.rawValue * UInt(MigrateType.count)
  }
}
