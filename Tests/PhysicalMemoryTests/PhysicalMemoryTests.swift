import Machine
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

extension PageAllocatorOptions {
  /// The frames that the tables take on a machine whose RAM is `map`.
  fileprivate func homePages(of map: DirectMap) -> PageCount {
    let arrays = Arrays(regions: 4)
    var memblock = arrays.memblock()
    try? memblock.add(PhysicalRange(map.start, count: UInt64(map.count.rawValue)))
    return map.pageSize.pages(
      in: PageAllocator.homeSize(memblock: memblock, directMap: map, options: self))
  }
}

/// The descriptors, and the moment they are born.
struct PageTests {
  @Test("a page descriptor fills one cache line on a 64-bit machine")
  func size() {
    #expect(MemoryLayout<Page>.size == 64)
    #expect(MemoryLayout<Page>.stride == 64)
  }

  @Test("boot hands every frame over but those of memblock's arrays and the page array")
  func bootAccounting() throws {
    let machine = try Laboratory(frames: 4096)
    let pages = machine.pages
    let home = pages.pointee.options.homePages(of: machine.map)
    #expect(home.rawValue >= 4096 * 64 / 4096)
    #expect(pages.pointee.managedPageCount.rawValue == 4096 - home.rawValue - 1)
    #expect(pages.pointee.freePageCount == pages.pointee.managedPageCount)
    #expect(pages.pointee.zones[0].pointee.spannedPages == PageCount(4096))
    #expect(pages.pointee.zones[0].pointee.presentPages == PageCount(4096))
    pages.pointee.checkInvariants()
  }

  @Test("boot on zeroed memory builds the same allocator as boot on used memory")
  func zeroedBoot() throws {
    let used = try Laboratory(frames: 4096, filling: 0xFF)
    let zeroed = try Laboratory(frames: 4096, filling: 0)
    zeroed.pages.pointee.checkInvariants()
    used.pages.pointee.checkInvariants()
    #expect(zeroed.freeBlocks == used.freeBlocks)
    #expect(try zeroed.frame(zeroed.take(0)) == used.frame(used.take(0)))
  }

  @Test("holes and reserved ranges are never allocated")
  func holes() throws {
    let hole = FrameRange(PageFrameNumber(0x4_0100), PageFrameNumber(0x4_0180))
    let image = FrameRange(PageFrameNumber(0x4_0200), PageFrameNumber(0x4_0233))
    let machine = try Laboratory(frames: 4096) { memblock throws(AllocationError) in
      try memblock.remove(PhysicalRange(hole))
      // Only half of the last frame is taken, which makes all of it unusable.
      var bytes = PhysicalRange(image)
      bytes.end.rawValue -= 2048
      try memblock.reserve(bytes)
    }
    machine.pages.pointee.checkInvariants()
    #expect(machine.pages.pointee.zones[0].pointee.presentPages == PageCount(4096 - 0x80))
    while let page = try? machine.take(0) {
      let frame = machine.pages.pointee.frame(of: page)
      #expect(!hole.contains(frame) && !image.contains(frame))
    }
    #expect(machine.pages.pointee.freePageCount == .zero)
    machine.pages.pointee.checkInvariants()
  }

  @Test("reserved frames can be given to the allocator after boot")
  func freeReserved() throws {
    let image = FrameRange(PageFrameNumber(0x4_0200), PageFrameNumber(0x4_0233))
    let machine = try Laboratory(frames: 4096) { memblock throws(AllocationError) in
      try memblock.reserve(PhysicalRange(image))
    }
    let plain = try Laboratory(frames: 4096)
    machine.pages.pointee.freeReserved(image)
    machine.pages.pointee.checkInvariants()
    #expect(machine.freeBlocks == plain.freeBlocks)
    #expect(machine.pages.pointee.managedPageCount == plain.pages.pointee.managedPageCount)
  }

  @Test("RAM too small for its own descriptors makes boot throw")
  func tooSmall() throws {
    #expect(throws: AllocationError.outOfMemory) { _ = try Laboratory(frames: 1) }
  }

  @Test("page, frame and pointer convert into one another", arguments: [12, 14, 16])
  func conversions(shift: Int) throws {
    let machine = try Laboratory(frames: 1024, pageSize: PageSize(shift: UInt8(shift)))
    let pages = machine.pages
    let page = try machine.take(3)
    let frame = pages.pointee.frame(of: page)
    #expect(pages.pointee.page(of: frame) == page)
    #expect(frame.rawValue % 8 == 0)
    let pointer = unsafe pages.pointee.pointer(to: page)
    #expect(unsafe machine.map.frame(of: pointer) == frame)
    #expect(unsafe pages.pointee.headPage(of: pointer + 1) == page)
  }
}
