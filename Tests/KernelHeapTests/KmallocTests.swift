import KernelHeap
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Memory by size.
struct KmallocTests {
  @Test("each size gets the class that Linux gives it")
  func classes() throws {
    let machine = try Laboratory()
    let heap = try KmallocCaches(pages: machine.pages)
    let expected: [(UInt, UInt)] = [
      (1, 8), (8, 8), (9, 16), (33, 64), (64, 64), (65, 96), (96, 96), (97, 128), (128, 128),
      (129, 192), (192, 192), (193, 256), (4097, 8192), (8192, 8192), (8193, 16384),
      (100_000, 131_072),
    ]
    for (size, usable) in expected {
      let pointer = unsafe try heap.kmalloc(ByteCount(size))
      #expect(unsafe heap.ksize(pointer) == ByteCount(usable))
      if usable & (usable - 1) == 0 {
        #expect(UInt(bitPattern: pointer) % min(usable, 4096) == 0)
      }
      unsafe heap.kfree(pointer)
    }
    heap.checkInvariants()
  }

  @Test("zero bytes have an address that can be freed and no memory")
  func zeroSize() throws {
    let machine = try Laboratory()
    let heap = try KmallocCaches(pages: machine.pages)
    let pointer = unsafe try heap.kmalloc(.zero)
    #expect(unsafe heap.ksize(pointer) == .zero)
    unsafe heap.kfree(pointer)
  }

  @Test("a size above the largest block is out of memory")
  func tooLarge() throws {
    let machine = try Laboratory()
    let heap = try KmallocCaches(pages: machine.pages)
    for size in [UInt(4 << 20) + 1, UInt.max >> 1, UInt.max] {
      #expect(throws: AllocationError.outOfMemory) {
        _ = unsafe try heap.kmalloc(ByteCount(size))
      }
    }
  }

  @Test("large blocks count as slab memory, and all of it is back after the end")
  func accounting() throws {
    let machine = try Laboratory()
    var heap = try KmallocCaches(pages: machine.pages)
    let large = unsafe try heap.kmalloc(ByteCount(50_000), flags: [.kernel, .zeroed])
    let small = unsafe try heap.kmalloc(ByteCount(100))
    #expect(SlabInfo.pageCount(of: machine.pages) == machine.bootCount - machine.freeCount)
    unsafe heap.kfree(large)
    #expect(throws: SlabCacheError.objectsRemain(1)) { try heap.destroy() }
    unsafe heap.kfree(small)
    try heap.destroy()
    machine.pages.pointee.checkInvariants()
    #expect(machine.isAsAtBoot)
  }

  @Test("kfree takes the objects of any cache")
  func anyCache() throws {
    let machine = try Laboratory()
    let heap = try KmallocCaches(pages: machine.pages)
    let cache = try SlabCache(name: "things", objectSize: ByteCount(640), pages: machine.pages)
    let objects = try (0..<30).map { _ in UInt(bitPattern: unsafe try cache.allocate()) }
    for address in objects { unsafe heap.kfree(UnsafeMutableRawPointer(bitPattern: address)!) }
    #expect(cache.activeObjects == 0)
    cache.checkInvariants()
  }

  @Test("kmalloc works at every page size", arguments: [12, 14, 16])
  func pageSizes(shift: Int) throws {
    let machine = try Laboratory(frames: 1024, pageSize: PageSize(shift: UInt8(shift)))
    var heap = try KmallocCaches(pages: machine.pages)
    var taken: [UInt] = []
    for bits in 0...UInt(shift + 3) {
      let pointer = unsafe try heap.kmalloc(ByteCount(1 << bits))
      unsafe pointer.initializeMemory(as: UInt8.self, repeating: 1, count: 1 << Int(bits))
      taken.append(UInt(bitPattern: pointer))
    }
    heap.checkInvariants()
    for address in taken { unsafe heap.kfree(UnsafeMutableRawPointer(bitPattern: address)!) }
    try heap.destroy()
    #expect(machine.isAsAtBoot)
  }

  @Test("a failure while the caches are made gives everything back")
  func faults() throws {
    forEachFault { plan in
      guard let machine = try? Laboratory() else { return 0 }
      machine.pages.pointee.faultPlan = plan
      if var heap = try? KmallocCaches(pages: machine.pages) { try? heap.destroy() }
      #expect(machine.isAsAtBoot)
      machine.pages.pointee.checkInvariants()
      return machine.pages.pointee.faultPlan.failureCount
    }
  }
}
