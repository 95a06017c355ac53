import KernelHeap
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// The mistakes that trap.
struct MisuseTests {
  @Test("freeing an object twice traps")
  func doubleFree() async {
    await #expect(processExitsWith: .failure) {
      let machine = try Laboratory()
      let cache = try SlabCache(name: "things", objectSize: ByteCount(64), pages: machine.pages)
      let object = unsafe try cache.allocate()
      unsafe cache.free(object)
      unsafe cache.free(object)
    }
  }

  @Test("freeing an object of another cache traps")
  func otherCache() async {
    await #expect(processExitsWith: .failure) {
      let machine = try Laboratory()
      let cache = try SlabCache(name: "things", objectSize: ByteCount(64), pages: machine.pages)
      let other = try SlabCache(name: "others", objectSize: ByteCount(64), pages: machine.pages)
      unsafe cache.free(try other.allocate())
    }
  }

  @Test("freeing the middle of an object traps")
  func middle() async {
    await #expect(processExitsWith: .failure) {
      let machine = try Laboratory()
      let cache = try SlabCache(name: "things", objectSize: ByteCount(64), pages: machine.pages)
      unsafe cache.free(try cache.allocate() + 8)
    }
  }

  @Test("kfree of a pointer from elsewhere traps")
  func foreign() async {
    await #expect(processExitsWith: .failure) {
      let machine = try Laboratory()
      let heap = try KmallocCaches(pages: machine.pages)
      let elsewhere = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 8)
      unsafe heap.kfree(elsewhere)
    }
  }

  @Test("kfree of a frame that kmalloc did not give traps")
  func bareFrame() async {
    await #expect(processExitsWith: .failure) {
      let machine = try Laboratory()
      let heap = try KmallocCaches(pages: machine.pages)
      let page = try machine.pages.pointee.allocatePage(flags: .kernel)
      unsafe heap.kfree(machine.pages.pointee.pointer(to: page))
    }
  }

  @Test("invariants notice a free list that was written over")
  func corruption() async {
    await #expect(processExitsWith: .failure) {
      let machine = try Laboratory()
      let cache = try SlabCache(name: "things", objectSize: ByteCount(64), pages: machine.pages)
      let object = unsafe try cache.allocate()
      unsafe cache.free(object)
      unsafe object.initializeMemory(as: UInt8.self, repeating: 0x41, count: 64)
      cache.checkInvariants()
    }
  }
}
