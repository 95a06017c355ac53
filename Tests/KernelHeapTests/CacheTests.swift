import KernelHeap
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// What a cache offers beside allocate and free.
struct CacheTests {
  @Test(
    "caches of equal objects share slabs where the heap merges, each under its name",
    arguments: SlabDesign.with(.merging))
  func merging(design: SlabDesign) throws {
    let machine = try Laboratory()
    let options = HeapOptions(design: design)
    try SlabHeap.boot(options, on: machine.pages)
    let first = try SlabCache(name: "first", objectSize: ByteCount(60), pages: machine.pages)
    let second = try SlabCache(name: "second", objectSize: ByteCount(64), pages: machine.pages)
    let apart = try SlabCache(
      SlabRequest(name: "apart", objectSize: ByteCount(64), flags: .accounted),
      pages: machine.pages)
    #expect(first.isShared == true)
    #expect(second.isShared == true)
    #expect(apart.isShared == false)
    #expect("\(second.name)" == "second")
    let object = unsafe try first.allocate()
    #expect(second.activeObjects == 1)
    unsafe second.free(object)
    try first.destroy()
    unsafe second.free(try second.allocate())
    try second.destroy()
    try apart.destroy()
    SlabHeap.end(of: machine.pages)
    #expect(machine.isAsAtBoot)
  }

  @Test(
    "of shared slots the whole of the largest object is cleared, by whichever name it is asked",
    arguments: SlabDesign.with(.merging))
  func clearedWhole(design: SlabDesign) throws {
    let machine = try Laboratory(design)
    let first = try SlabCache(name: "first", objectSize: ByteCount(58), pages: machine.pages)
    let second = try SlabCache(name: "second", objectSize: ByteCount(64), pages: machine.pages)
    #expect(second.isShared == true)
    #expect(second.objectSize == ByteCount(64))
    let heap = try KmallocCaches(pages: machine.pages)
    for _ in 0..<2 {
      let object = unsafe try second.allocate(flags: [.kernel, .zeroed])
      let bytes = unsafe UnsafeMutableRawBufferPointer(start: object, count: 64)
      #expect(unsafe bytes.allSatisfy { $0 == 0 })
      #expect(unsafe heap.ksize(object) == ByteCount(64))
      unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
      unsafe second.free(object)
    }
    unsafe first.free(try first.allocate())
  }

  @Test(
    "no slabs are shared where the heap does not merge, nor where alignment would be lost",
    arguments: SlabDesign.with(.merging))
  func unmerged(design: SlabDesign) throws {
    for merges in [false, true] {
      let machine = try Laboratory()
      var options = HeapOptions(design: design)
      options.mergesCaches = merges
      try SlabHeap.boot(options, on: machine.pages)
      let plain = try SlabCache(name: "plain", objectSize: ByteCount(128), pages: machine.pages)
      let same = try SlabCache(name: "same", objectSize: ByteCount(128), pages: machine.pages)
      let aligned = try SlabCache(
        name: "aligned", objectSize: ByteCount(128), alignment: ByteCount(128),
        pages: machine.pages)
      #expect(same.isShared == merges)
      #expect(plain.isShared == merges)
      // A slab of SLAB may begin at a colour, which would not be a multiple of 128.
      #expect(aligned.isShared == (merges && design == .slub))
      let object = unsafe try aligned.allocate()
      #expect(UInt(bitPattern: object) % 128 == 0)
      unsafe aligned.free(object)
    }
  }

  @Test(
    "objects stay as the constructor made them while they are free", arguments: SlabDesign.allCases)
  func constructor(design: SlabDesign) throws {
    let machine = try Laboratory(design)
    let constructor = unsafe SlabConstructor { object, _ in
      unsafe object.initializeMemory(as: UInt8.self, repeating: 0x42, count: 40)
    }
    let cache = try SlabCache(
      SlabRequest(name: "made", objectSize: ByteCount(40), constructor: constructor),
      pages: machine.pages)
    var seen: [UInt] = []
    for _ in 0..<300 {
      let object = unsafe try cache.allocate()
      let bytes = unsafe UnsafeRawBufferPointer(start: object, count: 40)
      #expect(unsafe bytes.allSatisfy { $0 == 0x42 })
      seen.append(UInt(bitPattern: object))
    }
    for address in seen { unsafe cache.free(UnsafeMutableRawPointer(bitPattern: address)!) }
    let again = unsafe try cache.allocate()
    #expect(unsafe UnsafeRawBufferPointer(start: again, count: 40).allSatisfy { $0 == 0x42 })
    unsafe cache.free(again)
    try cache.destroy()
    #expect(machine.isAsAtBoot)
  }

  @Test("a bulk request gives all objects or none", arguments: SlabDesign.allCases)
  func bulk(design: SlabDesign) throws {
    let machine = try Laboratory(design)
    let cache = try SlabCache(name: "things", objectSize: ByteCount(64), pages: machine.pages)
    let objects = UnsafeMutableBufferPointer<UnsafeMutableRawPointer?>.allocate(capacity: 100)
    defer { unsafe objects.deallocate() }
    unsafe objects.initialize(repeating: nil)
    unsafe try cache.allocate(filling: objects)
    #expect(cache.activeObjects == 100)
    unsafe cache.free(contentsOf: UnsafeBufferPointer(objects))
    #expect(cache.activeObjects == 0)
    cache.faultPlan = .failing(nth: 50)
    #expect(throws: AllocationError.outOfMemory) { unsafe try cache.allocate(filling: objects) }
    #expect(cache.activeObjects == 0)
    #expect(unsafe objects.allSatisfy { unsafe $0 == nil })
    cache.checkInvariants()
  }

  @Test(
    "random order hands out every object of a slab once, and not from the lowest on",
    arguments: SlabDesign.with(.randomOrder))
  func randomOrder(design: SlabDesign) throws {
    let machine = try Laboratory()
    var options = HeapOptions(design: design)
    options.randomisesFreeLists = true
    options.hardensFreeLists = true
    try SlabHeap.boot(options, on: machine.pages)
    let cache = try SlabCache(name: "things", objectSize: ByteCount(64), pages: machine.pages)
    let objects = try (0..<64).map { _ in UInt(bitPattern: unsafe try cache.allocate()) }
    #expect(Set(objects).count == 64)
    #expect(cache.slabCount == 1)
    #expect(objects != objects.sorted() && objects != objects.sorted().reversed())
    for address in objects { unsafe cache.free(UnsafeMutableRawPointer(bitPattern: address)!) }
    cache.checkInvariants()
    try cache.destroy()
    SlabHeap.end(of: machine.pages)
    #expect(machine.isAsAtBoot)
  }

  @Test("mangled links hold no address that can be read", arguments: SlabDesign.with(.mangledLinks))
  func mangledLinks(design: SlabDesign) throws {
    let machine = try Laboratory()
    var options = HeapOptions(design: design)
    options.hardensFreeLists = true
    try SlabHeap.boot(options, on: machine.pages)
    let cache = try SlabCache(name: "things", objectSize: ByteCount(64), pages: machine.pages)
    let one = unsafe try cache.allocate()
    let other = unsafe try cache.allocate()
    unsafe cache.free(one)
    unsafe cache.free(other)
    for offset in stride(from: 0, to: 64, by: 8) {
      #expect(unsafe other.load(fromByteOffset: offset, as: UInt.self) != UInt(bitPattern: one))
    }
    #expect(unsafe try cache.allocate() == other)
    #expect(unsafe try cache.allocate() == one)
  }

  @Test(
    "slabs are remade of every node's own frames and partial ones are used before new ones",
    arguments: SlabDesign.allCases)
  func partialSlabs(design: SlabDesign) throws {
    let machine = try Laboratory(design)
    let cache = try SlabCache(name: "things", objectSize: ByteCount(256), pages: machine.pages)
    let objects = try (0..<160).map { _ in UInt(bitPattern: unsafe try cache.allocate()) }
    let slabs = cache.slabCount
    if design == .slub { #expect(slabs == 10) }
    for index in stride(from: 0, to: 160, by: 2) {
      unsafe cache.free(UnsafeMutableRawPointer(bitPattern: objects[index])!)
    }
    cache.checkInvariants()
    for _ in 0..<80 { _ = unsafe try cache.allocate() }
    #expect(cache.slabCount == slabs)
    #expect(cache.activeObjects == 160)
    cache.checkInvariants()
  }
}

/// A reserve for when there is no memory.
struct MemoryPoolTests {
  @Test(
    "the reserve of a pool survives exhaustion, and fills again", arguments: SlabDesign.allCases)
  func exhaustion(design: SlabDesign) throws {
    let machine = try Laboratory(design, frames: 1024)
    let request = SlabRequest(name: "requests", objectSize: ByteCount(256))
    let pool = try MemoryPool(request, minimum: 4, pages: machine.pages)
    machine.exhaust()
    var taken: [UInt] = []
    while let object = unsafe try? pool.allocate(flags: [.kernel, .zeroed]) {
      #expect(unsafe UnsafeRawBufferPointer(start: object, count: 256).allSatisfy { $0 == 0 })
      taken.append(UInt(bitPattern: object))
    }
    #expect(taken.count >= 4)
    #expect(pool.reserveCount == 0)
    #expect(throws: AllocationError.outOfMemory) { _ = unsafe try pool.allocate() }
    unsafe pool.free(UnsafeMutableRawPointer(bitPattern: taken.removeLast())!)
    #expect(pool.reserveCount == 1)
    taken.append(UInt(bitPattern: unsafe try pool.allocate()))
    for address in taken { unsafe pool.free(UnsafeMutableRawPointer(bitPattern: address)!) }
    #expect(pool.reserveCount == 4)
    #expect(pool.cache.activeObjects == 4)
    try pool.destroy()
  }

  @Test(
    "a pool whose reserve cannot be filled leaves nothing behind", arguments: SlabDesign.allCases)
  func faults(design: SlabDesign) throws {
    forEachFault { plan in
      guard let machine = try? Laboratory() else { return 0 }
      machine.pages.pointee.faultPlan = plan
      try? SlabHeap.boot(HeapOptions(design: design), on: machine.pages)
      let request = SlabRequest(name: "requests", objectSize: ByteCount(2048))
      if SlabHeap.options(of: machine.pages).design == design,
        let pool = try? MemoryPool(request, minimum: 40, pages: machine.pages)
      {
        try? pool.destroy()
      }
      #expect(machine.isAsAtBoot)
      return machine.pages.pointee.faultPlan.failureCount
    }
  }
}
