public import Machine
public import MemoryTypes

extension PageAllocator {
  /// Ends the time of memblock: builds the descriptors in RAM and hands every free frame over.
  ///
  /// The allocator and its page array stand in one block that memblock gives, at the top of RAM
  /// for an untouched one. Free ranges go over lowest first, in the largest aligned blocks, to
  /// the tails of the free lists; so the first frame allocated is the lowest of the largest order.
  /// Memory outside `directMap` is not used.
  ///
  /// - Parameter untouched: Given when RAM was never written and holds zeros: a clear bit for each
  ///   frame of `directMap`, outside it, which lives as long as the allocator. Then neither the
  ///   descriptors of frames inside blocks nor unused frames are written, and a lazily committed
  ///   host need not have memory for them.
  ///
  /// Throws when memblock has no room for the descriptors; memblock is unchanged then.
  /// O(frames), O(blocks + reserved frames) with `untouched`.
  /// Linux: `memblock_free_all()`, mm/memblock.c; `memmap_init()`, mm/mm_init.c.
  public static func boot(
    memblock: inout Memblock, directMap: DirectMap, maximumOrder: Order = Order(10),
    untouched: Bitmap? = nil
  ) throws(AllocationError) -> Ref<PageAllocator> {
    let range = zoneRange(memblock, directMap)
    let home = try reserveHome(&memblock, directMap, range)
    // SAFETY: memblock gave the block to this allocator alone, and the window shows all of it.
    let start = unsafe directMap.pointer(to: home)
    let pages = unsafe makeArray(at: start + allocatorSize, range, untouched != nil)
    let zone = Zone(
      kind: .normal, range: range, presentPages: presentPages(memblock, range, directMap),
      pages: pages, maximumOrder: maximumOrder,
      written: WrittenFrames(untouched, from: directMap.frames.start))
    let place = unsafe start.bindMemory(to: PageAllocator.self, capacity: 1)
    unsafe place.initialize(
      to: PageAllocator(
        directMap: directMap, pages: pages, zone: zone, maximumOrder: maximumOrder))
    let allocator = unsafe Ref(place)
    allocator.pointee.takeOver(memblock)
    return allocator
  }

  /// The frames from the first to the last memory, as far as the window shows them.
  private static func zoneRange(
    _ memblock: borrowing Memblock, _ directMap: DirectMap
  ) -> FrameRange {
    let window = PhysicalRange(directMap.start, count: UInt64(directMap.count.rawValue))
    guard let start = memblock.startOfDRAM, let end = memblock.endOfDRAM else {
      return PhysicalRange(directMap.start, directMap.start).wholeFrames(directMap.pageSize)
    }
    return PhysicalRange(start, end).intersection(window).wholeFrames(directMap.pageSize)
  }

  /// The bytes before the page array: the allocator, rounded up so that descriptors keep to lines.
  private static var allocatorSize: Int { (MemoryLayout<PageAllocator>.size + 63) & ~63 }

  private static func reserveHome(
    _ memblock: inout Memblock, _ directMap: DirectMap, _ range: FrameRange
  ) throws(AllocationError) -> PhysicalAddress {
    let pageSize = directMap.pageSize
    let array = UInt64(range.count.rawValue) * UInt64(MemoryLayout<Page>.stride)
    let size = UInt64(allocatorSize) + array
    let mask = UInt64(pageSize.offsetMask)
    let window = PhysicalRange(pageSize.address(of: range.start), pageSize.address(of: range.end))
    return try memblock.allocate(
      (size + mask) & ~mask, alignment: mask + 1, in: window.intersection(Memblock.anywhere))
  }

  @unsafe
  private static func makeArray(
    at start: UnsafeMutableRawPointer, _ range: FrameRange, _ isZeroed: Bool
  ) -> PageArray {
    let count = Int(range.count.rawValue)
    let base = unsafe start.bindMemory(to: Page.self, capacity: count)
    var index = 0
    while !isZeroed && index < count {
      unsafe (base + index).initialize(to: Page())
      index += 1
    }
    return unsafe PageArray(base: base, start: range.start, count: range.count)
  }

  private static func presentPages(
    _ memblock: borrowing Memblock, _ range: FrameRange, _ directMap: DirectMap
  ) -> PageCount {
    var sum = PageCount.zero
    var index = 0
    while index < memblock.memory.count {
      let frames = memblock.memory[index].range.wholeFrames(directMap.pageSize)
      sum += frames.intersection(range).count
      index += 1
    }
    return sum
  }

  /// Hands over what memblock has free and marks the rest reserved.
  private func takeOver(_ memblock: borrowing Memblock) {
    var handled = zone.range.start
    for free in memblock.freeRanges {
      let frames = free.wholeFrames(directMap.pageSize).intersection(zone.range)
      guard frames.start < frames.end else { continue }
      markReserved(FrameRange(handled, frames.start))
      handOver(frames)
      handled = frames.end
    }
    markReserved(FrameRange(handled, zone.range.end))
  }

  private func markReserved(_ frames: FrameRange) {
    var frame = frames.start
    while frame < frames.end {
      pages[frame].pointee.flags = .reserved
      frame = frame + PageCount(1)
    }
  }

  /// Adds frames that no list holds, in the largest aligned blocks.
  private func handOver(_ frames: FrameRange) {
    var frame = frames.start
    while frame < frames.end {
      let aligned = UInt8(clamping: frame.rawValue.trailingZeroBitCount)
      var order = min(Order(aligned), maximumOrder)
      while frames.end.rawValue &- frame.rawValue < order.pageCount.rawValue {
        order = order.previous
      }
      zone.buddy.withLock { $0.handOver(frame, order) }
      frame = frame + order.pageCount
    }
  }
}

extension FrameRange {
  /// What lies in both ranges; empty, with its end at its start, when nothing does.
  fileprivate func intersection(_ other: FrameRange) -> FrameRange {
    let first = max(start, other.start)
    return FrameRange(first, max(first, min(end, other.end)))
  }
}

extension PageAllocator {
  /// Gives reserved frames to the allocator after boot, as the init part of a kernel image is.
  ///
  /// Traps unless each one is reserved and in the zone. O(frames). Linux: `free_reserved_area()`.
  public func freeReserved(_ frames: FrameRange) {
    var frame = frames.start
    while frame < frames.end {
      precondition(
        zone.range.contains(frame) && pages[frame].pointee.flags.contains(.reserved),
        "frees a frame that was not reserved")
      pages[frame].pointee.flags = []
      frame = frame + PageCount(1)
    }
    handOver(frames)
  }
}
