import KernelHeap
import MemoryTypes
import PhysicalMemory
import Testing

struct SlobDesignTests {
  @Test("blocks of all caches share pages and are cut to measure")
  func sharing() throws {
    let machine = try DesignTests.machine(.slob)
    let small = try SlabCache(name: "small", objectSize: ByteCount(24), pages: machine.pages)
    let other = try SlabCache(name: "other", objectSize: ByteCount(40), pages: machine.pages)
    let before = SlabInfo.pageCount(of: machine.pages)
    let first = unsafe try small.allocate()
    let second = unsafe try other.allocate()
    let third = unsafe try small.allocate()
    #expect(unsafe second == first + 24)
    #expect(unsafe third == second + 40)
    #expect(SlabInfo.pageCount(of: machine.pages) - before <= PageCount(1))
    unsafe other.free(second)
    // The search goes on behind the last block that was cut, but begins at the page's first fit.
    #expect(unsafe try small.allocate() == second)
    small.checkInvariants()
  }

  @Test("blocks below a sixteenth of a page, below a quarter and larger ones have pages apart")
  func lists() throws {
    let machine = try DesignTests.machine(.slob)
    let sizes: [UInt] = [255, 256, 1023, 1024]
    var frames: [UInt] = []
    for size in sizes {
      let cache = try SlabCache(
        name: "things", objectSize: ByteCount(size), pages: machine.pages)
      frames.append(UInt(bitPattern: unsafe try cache.allocate()) >> 12)
    }
    #expect(frames[1] == frames[2])
    #expect(frames[0] != frames[1] && frames[2] != frames[3] && frames[0] != frames[3])
  }

  @Test("a page that a block filled up is left, and the next search begins where that one began")
  func rover() throws {
    let machine = try DesignTests.machine(.slob)
    let quarters = try SlabCache(
      name: "quarters", objectSize: ByteCount(1024), pages: machine.pages)
    let halves = try SlabCache(name: "halves", objectSize: ByteCount(2048), pages: machine.pages)
    func take(_ cache: borrowing SlabCache, _ count: Int) throws -> [UInt] {
      try (0..<count).map { _ in UInt(bitPattern: unsafe try cache.allocate()) }
    }
    func give(_ address: UInt, _ cache: borrowing SlabCache) {
      unsafe cache.free(UnsafeMutableRawPointer(bitPattern: address)!)
    }
    let first = try take(quarters, 4)
    let second = try take(halves, 2)
    let third = try take(quarters, 4)
    // Listed in front each, so that the search begins at the first page.
    give(third[0], quarters)
    give(second[0], halves)
    give(first[0], quarters)
    #expect(try take(halves, 1) == [second[0]])
    #expect(try take(quarters, 2) == [first[0], third[0]])
    quarters.checkInvariants()
  }

  @Test("a page that is free goes back at once")
  func freePages() throws {
    let machine = try DesignTests.machine(.slob)
    let cache = try SlabCache(name: "things", objectSize: ByteCount(300), pages: machine.pages)
    let before = machine.freeCount
    let taken = try (0..<130).map { _ in UInt(bitPattern: unsafe try cache.allocate()) }
    #expect(before - machine.freeCount == PageCount(10))
    for address in taken { unsafe cache.free(UnsafeMutableRawPointer(bitPattern: address)!) }
    #expect(machine.freeCount == before)
    try cache.destroy()
  }

  @Test("half an object freed twice is told from the free blocks")
  func misuse() async {
    await #expect(processExitsWith: .failure) {
      let machine = try DesignTests.machine(.slob)
      let cache = try SlabCache(name: "things", objectSize: ByteCount(64), pages: machine.pages)
      let first = unsafe try cache.allocate()
      _ = unsafe try cache.allocate()
      unsafe cache.free(first)
      unsafe cache.free(first)
    }
  }
}
