import KernelHeap
import Machine
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Memory by size.
struct KmallocTests {
  @Test("each size gets the class that Linux gives it", arguments: SlabDesign.with(.sizeClasses))
  func classes(design: SlabDesign) throws {
    let machine = try Laboratory(design)
    let heap = try KmallocCaches(pages: machine.pages)
    let smallest: UInt = design == .slab ? 32 : 8
    let expected: [(UInt, UInt)] = [
      (1, smallest), (8, smallest), (9, max(16, smallest)), (33, 64), (64, 64), (65, 96), (96, 96),
      (97, 128), (128, 128),
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

  @Test(
    "zero bytes have an address that can be freed and no memory", arguments: SlabDesign.allCases)
  func zeroSize(design: SlabDesign) throws {
    let machine = try Laboratory(design)
    let heap = try KmallocCaches(pages: machine.pages)
    let pointer = unsafe try heap.kmalloc(.zero)
    #expect(unsafe heap.ksize(pointer) == .zero)
    unsafe heap.kfree(pointer)
  }

  @Test("a size above the largest block is out of memory", arguments: SlabDesign.allCases)
  func tooLarge(design: SlabDesign) throws {
    let machine = try Laboratory(design)
    let heap = try KmallocCaches(pages: machine.pages)
    for size in [UInt(4 << 20) + 1, UInt.max >> 1, UInt.max] {
      #expect(throws: AllocationError.outOfMemory) {
        _ = unsafe try heap.kmalloc(ByteCount(size))
      }
    }
  }

  @Test(
    "large blocks count as slab memory, and all of it is back after the end",
    arguments: SlabDesign.allCases)
  func accounting(design: SlabDesign) throws {
    let machine = try Laboratory(design)
    var heap = try KmallocCaches(pages: machine.pages)
    let large = unsafe try heap.kmalloc(ByteCount(50_000), flags: [.kernel, .zeroed])
    let small = unsafe try heap.kmalloc(ByteCount(100))
    #expect(SlabInfo.pageCount(of: machine.pages) == machine.bootCount - machine.freeCount)
    unsafe heap.kfree(large)
    if design.has(.sizeClasses) {
      #expect(throws: SlabCacheError.objectsRemain(1)) { try heap.destroy() }
    }
    unsafe heap.kfree(small)
    try heap.destroy()
    machine.pages.pointee.checkInvariants()
    #expect(machine.isAsAtBoot)
  }

  @Test("kfree takes the objects of any cache", arguments: SlabDesign.with(.freeOfAnyCache))
  func anyCache(design: SlabDesign) throws {
    let machine = try Laboratory(design)
    let heap = try KmallocCaches(pages: machine.pages)
    let cache = try SlabCache(name: "things", objectSize: ByteCount(640), pages: machine.pages)
    let objects = try (0..<30).map { _ in UInt(bitPattern: unsafe try cache.allocate()) }
    for address in objects { unsafe heap.kfree(UnsafeMutableRawPointer(bitPattern: address)!) }
    #expect(cache.activeObjects == 0)
    cache.checkInvariants()
  }

  @Test("an object has its slot under SLUB, as far as nothing else is kept in that, else its size")
  func usableSizes() throws {
    for design in SlabDesign.with(.freeOfAnyCache) {
      let machine = try Laboratory(design)
      let heap = try KmallocCaches(pages: machine.pages)
      for (flags, usable) in [([], 64), (.typeSafeByRCU, 48), (.redZoned, 42)]
        as [(SlabFlags, UInt)]
      {
        let cache = try SlabCache(
          SlabRequest(
            name: "things", objectSize: ByteCount(42), alignment: ByteCount(32), flags: flags),
          pages: machine.pages)
        let object = unsafe try cache.allocate()
        #expect(unsafe heap.ksize(object) == ByteCount(design == .slub ? usable : 42))
        unsafe heap.kfree(object)
      }
    }
  }

  @Test("kmalloc works at every page size", arguments: SlabDesign.allCases, [12, 14, 16])
  func pageSizes(design: SlabDesign, shift: Int) throws {
    let machine = try Laboratory(design, frames: 1024, pageSize: PageSize(shift: UInt8(shift)))
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

  @Test("a failure while the caches are made gives everything back", arguments: SlabDesign.allCases)
  func faults(design: SlabDesign) throws {
    forEachFault { plan in
      guard let machine = try? Laboratory() else { return 0 }
      machine.pages.pointee.faultPlan = plan
      try? SlabHeap.boot(HeapOptions(design: design), on: machine.pages)
      if var heap = try? KmallocCaches(pages: machine.pages) { try? heap.destroy() }
      #expect(machine.isAsAtBoot)
      machine.pages.pointee.checkInvariants()
      return machine.pages.pointee.faultPlan.failureCount
    }
  }

  @Test(
    "an array whose size is no number is out of memory, and kcalloc clears",
    arguments: SlabDesign.allCases)
  func arrays(design: SlabDesign) throws {
    let machine = try Laboratory(design)
    let heap = try KmallocCaches(pages: machine.pages)
    #expect(throws: AllocationError.outOfMemory) {
      _ = unsafe try heap.kcalloc(count: UInt.max / 2, of: ByteCount(4))
    }
    let array = unsafe try heap.kcalloc(count: 10, of: ByteCount(30))
    #expect(unsafe UnsafeRawBufferPointer(start: array, count: 300).allSatisfy { $0 == 0 })
    unsafe heap.kfree(array)
  }

  @Test(
    "krealloc keeps the memory while it is large enough, else its contents",
    arguments: SlabDesign.allCases)
  func realloc(design: SlabDesign) throws {
    let machine = try Laboratory(design)
    let heap = try KmallocCaches(pages: machine.pages)
    let first = unsafe try heap.krealloc(nil, ByteCount(50))
    unsafe first.initializeMemory(as: UInt8.self, repeating: 9, count: 50)
    let same = unsafe try heap.krealloc(first, ByteCount(design.has(.sizeClasses) ? 64 : 40))
    #expect(unsafe same == first)
    let second = unsafe try heap.krealloc(same, ByteCount(50_000))
    #expect(unsafe UnsafeRawBufferPointer(start: second, count: 50).allSatisfy { $0 == 9 })
    let nothing = unsafe try heap.krealloc(second, .zero)
    #expect(unsafe heap.ksize(nothing) == .zero)
    var live: UInt = 0
    SlabInfo.forEach(of: machine.pages) { info in
      if "\(info.name)".hasPrefix("kmalloc") { live += info.activeObjects }
    }
    #expect(live == 0)
    heap.checkInvariants()
  }

  @Test(
    "requests for old devices get memory that they reach, and no others",
    arguments: SlabDesign.with(.sizeClasses))
  func oldDevices(design: SlabDesign) throws {
    let machine = try Laboratory(deviceFrames: 512)
    try SlabHeap.boot(HeapOptions(design: design), on: machine.pages)
    let heap = try KmallocCaches(pages: machine.pages, kinds: .dma)
    let first = machine.pages.pointee.directMap.frames.start
    for size in [40, 3000, 50_000] as [UInt] {
      for flags in [AllocationFlags.kernel, [.kernel, .dma]] {
        let object = unsafe try heap.kmalloc(ByteCount(size), flags: flags)
        let page = try #require(unsafe machine.pages.pointee.headPage(of: object))
        let frame = machine.pages.pointee.frame(of: page)
        #expect((frame.rawValue - first.rawValue < 512) == flags.contains(.dma))
        unsafe heap.kfree(object)
      }
    }
  }

  @Test(
    "special requests have rows of their own where the heap has them",
    arguments: SlabDesign.with(.sizeClasses))
  func kinds(design: SlabDesign) throws {
    let machine = try Laboratory(design)
    var heap = try KmallocCaches(
      pages: machine.pages, kinds: [.dma, .reclaimable, .accounted])
    let flags: [(AllocationFlags, String)] = [
      (.kernel, "kmalloc-64"), ([.kernel, .dma], "dma-kmalloc-64"),
      ([.kernel, .reclaimable], "kmalloc-rcl-64"), ([.kernel, .accounted], "kmalloc-cg-64"),
    ]
    for (flags, name) in flags {
      let object = unsafe try heap.kmalloc(ByteCount(40), flags: flags)
      var used: [String] = []
      SlabInfo.forEach(of: machine.pages) { info in
        if info.activeObjects == 1 { used.append("\(info.name)") }
      }
      #expect(used == [name])
      unsafe heap.kfree(object)
    }
    try heap.destroy()
    #expect(machine.isAsAtBoot)
  }
}
