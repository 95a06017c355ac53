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
