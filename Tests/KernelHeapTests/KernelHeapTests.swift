import KernelHeap
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// One cache on one machine.
struct SlabCacheTests {
  @Test(
    "objects of a cache are apart, aligned and not cleared unless asked",
    arguments: SlabDesign.allCases)
  func objects(design: SlabDesign) throws {
    let machine = try Laboratory(design)
    let cache = try SlabCache(
      name: "things", objectSize: ByteCount(100), alignment: ByteCount(32), pages: machine.pages)
    #expect(cache.geometry.slotSize == ByteCount(design.has(.ownSlabs) ? 128 : 100))
    var seen: Set<UInt> = []
    for _ in 0..<100 {
      let object = unsafe try cache.allocate(flags: [.kernel, .zeroed])
      let bytes = unsafe UnsafeMutableRawBufferPointer(start: object, count: 100)
      #expect(unsafe bytes.allSatisfy { $0 == 0 })
      unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
      let address = UInt(bitPattern: object)
      #expect(address % 32 == 0)
      #expect(seen.insert(address).inserted)
    }
    #expect(cache.activeObjects == 100)
    if design.has(.ownSlabs) {
      #expect(cache.slabCount == (100 + cache.objectsPerSlab - 1) / cache.objectsPerSlab)
    }
    cache.checkInvariants()
  }

  @Test("the slot freed last is handed out next", arguments: SlabDesign.allCases)
  func lastFreedFirst(design: SlabDesign) throws {
    let machine = try Laboratory(design)
    let cache = try SlabCache(name: "things", objectSize: ByteCount(64), pages: machine.pages)
    let first = unsafe try cache.allocate()
    let second = unsafe try cache.allocate()
    if design != .slab { #expect(unsafe second == first + 64) }
    unsafe cache.free(first)
    #expect(unsafe try cache.allocate() == first)
  }

  @Test(
    "a slab that empties in a long enough list goes back, and shrinking gives back the rest",
    arguments: SlabDesign.allCases)
  func emptySlabs(design: SlabDesign) throws {
    let machine = try Laboratory(design)
    let cache = try SlabCache(name: "things", objectSize: ByteCount(512), pages: machine.pages)
    let taken = try (0..<160).map { _ in UInt(bitPattern: unsafe try cache.allocate()) }
    if design.has(.ownSlabs) { #expect(cache.slabCount == 20) }
    for address in taken {
      unsafe cache.free(UnsafeMutableRawPointer(bitPattern: address)!)
      cache.checkInvariants()
    }
    #expect(cache.slabCount < 20)
    let kept = cache.pageCount
    #expect(cache.shrink() == kept)
    #expect(cache.slabCount == 0)
    #expect(cache.pageCount == .zero)
    cache.checkInvariants()
  }

  @Test(
    "a cache with living objects refuses to be destroyed, and works on",
    arguments: SlabDesign.allCases)
  func refusal(design: SlabDesign) throws {
    let machine = try Laboratory(design)
    let cache = try SlabCache(name: "things", objectSize: ByteCount(48), pages: machine.pages)
    let object = unsafe try cache.allocate()
    #expect(throws: SlabCacheError.objectsRemain(1)) { try cache.destroy() }
    cache.checkInvariants()
    unsafe cache.free(object)
    try cache.destroy()
    machine.pages.pointee.checkInvariants()
    #expect(machine.isAsAtBoot)
  }

  @Test(
    "the pages of all caches are the pages that the allocator misses",
    arguments: SlabDesign.allCases)
  func accounting(design: SlabDesign) throws {
    let machine = try Laboratory(design)
    let small = try SlabCache(name: "small", objectSize: ByteCount(16), pages: machine.pages)
    let large = try SlabCache(name: "large", objectSize: ByteCount(3000), pages: machine.pages)
    for _ in 0..<1000 { _ = unsafe try small.allocate() }
    for _ in 0..<100 { _ = unsafe try large.allocate() }
    let missing = machine.bootCount - machine.freeCount
    #expect(SlabInfo.pageCount(of: machine.pages) == missing)
    var names: [String] = []
    SlabInfo.forEach(of: machine.pages) { names.append("\($0.name) \($0.activeObjects)") }
    #expect(names == ["kmem_cache 2", "small 1000", "large 100"])
  }

  @Test(
    "every failure on the way to an object leaves the machine as it was",
    arguments: SlabDesign.allCases)
  func faults(design: SlabDesign) throws {
    forEachFault { plan in
      guard let machine = try? Laboratory() else { return 0 }
      machine.pages.pointee.faultPlan = plan
      do {
        try SlabHeap.boot(HeapOptions(design: design), on: machine.pages)
        let cache = try SlabCache(name: "things", objectSize: ByteCount(900), pages: machine.pages)
        var taken: [UInt] = []
        for _ in 0..<40 {
          if let object = unsafe try? cache.allocate() {
            taken.append(UInt(bitPattern: object))
          }
          cache.checkInvariants()
        }
        for address in taken { unsafe cache.free(UnsafeMutableRawPointer(bitPattern: address)!) }
        try cache.destroy()
      } catch {
        #expect(error as? AllocationError == .outOfMemory)
      }
      machine.pages.pointee.checkInvariants()
      #expect(machine.isAsAtBoot)
      return machine.pages.pointee.faultPlan.failureCount
    }
  }

  @Test("a cache's own fault plan fails the object it names", arguments: SlabDesign.allCases)
  func ownPlan(design: SlabDesign) throws {
    let machine = try Laboratory(design)
    let cache = try SlabCache(name: "things", objectSize: ByteCount(64), pages: machine.pages)
    cache.faultPlan = .failing(nth: 2)
    _ = unsafe try cache.allocate()
    #expect(throws: AllocationError.outOfMemory) { _ = unsafe try cache.allocate() }
    _ = unsafe try cache.allocate()
    #expect(cache.activeObjects == 2)
  }

  @Test(
    "when no large block is left, slabs are made of the smallest order",
    arguments: SlabDesign.with(.smallerSlabs))
  func fallback(design: SlabDesign) throws {
    let machine = try Laboratory(design, frames: 1024)
    let cache = try SlabCache(name: "things", objectSize: ByteCount(2048), pages: machine.pages)
    let kept = try machine.pages.pointee.allocatePage(flags: .kernel)
    machine.exhaust()
    #expect(throws: AllocationError.outOfMemory) { _ = unsafe try cache.allocate() }
    machine.pages.pointee.freePage(kept)
    _ = unsafe try cache.allocate()
    _ = unsafe try cache.allocate()
    #expect(cache.totalObjects == 2)
    #expect(cache.pageCount == PageCount(1))
    #expect(cache.order == Order(2))
    cache.checkInvariants()
  }

  /// One step of a random history.
  private enum Step: Sendable {
    case allocate
    /// Frees the n-th living object, counted round.
    case free(Int)
    case shrink
  }

  @Test(
    "random histories keep the contents of every object and end at the boot count",
    arguments: SlabDesign.allCases, [8, 24, 96, 700, 5000])
  func randomHistories(design: SlabDesign, size: Int) {
    checkHistories(count: 6, length: 500) { generator in
      switch generator.next(below: 100) {
      case 0..<58: Step.allocate
      case 58..<99: Step.free(Int(generator.next(below: 1 << 20)))
      default: Step.shrink
      }
    } run: { steps in
      let machine = try Laboratory(design, frames: 1024)
      let cache = try SlabCache(
        name: "things", objectSize: ByteCount(UInt(size)), pages: machine.pages)
      try replay(steps, cache)
      try cache.destroy()
      SlabHeap.end(of: machine.pages)
      machine.pages.pointee.checkInvariants()
      try requireEqual(machine.freeCount.rawValue, machine.bootCount.rawValue, "free frames")
    }
  }

  private func replay(_ steps: [Step], _ cache: borrowing SlabCache) throws {
    var living: [(object: UInt, mark: UInt8)] = []
    let size = Int(cache.geometry.objectSize.rawValue)
    for (number, step) in steps.enumerated() {
      switch step {
      case .allocate:
        guard let object = unsafe try? cache.allocate() else { continue }
        let mark = UInt8(truncatingIfNeeded: number)
        unsafe object.initializeMemory(as: UInt8.self, repeating: mark, count: size)
        living.append((UInt(bitPattern: object), mark))
      case .free(let index):
        guard !living.isEmpty else { continue }
        try free(living.remove(at: index % living.count), cache)
      case .shrink:
        cache.shrink()
      }
      try requireEqual(cache.activeObjects, living.count, "living objects")
      if number % 8 == 0 { cache.checkInvariants() }
    }
    for entry in living { try free(entry, cache) }
    cache.checkInvariants()
  }

  private func free(
    _ entry: (object: UInt, mark: UInt8), _ cache: borrowing SlabCache
  ) throws {
    let size = Int(cache.geometry.objectSize.rawValue)
    let object = unsafe UnsafeMutableRawPointer(bitPattern: entry.object)!
    let bytes = unsafe UnsafeRawBufferPointer(start: object, count: size)
    try requireEqual(unsafe bytes.allSatisfy { $0 == entry.mark }, true, "contents are whole")
    unsafe cache.free(object)
  }
}

/// Objects that have a life of their own.
struct TypedCacheTests {
  private struct Counted: ~Copyable {
    let ended: Ref<Int>
    var value: Int

    deinit { ended.pointee += 1 }
  }

  @Test(
    "a typed cache initialises its objects and ends them when they are freed",
    arguments: SlabDesign.allCases)
  func life(design: SlabDesign) throws {
    let machine = try Laboratory(design)
    let arena = Arena()
    let ended = arena.make(0)
    let cache = try TypedCache<Counted>(name: "counted", pages: machine.pages)
    let object = try cache.allocate(Counted(ended: ended, value: 42))
    object.pointee.value += 1
    #expect(object.pointee.value == 43)
    #expect(ended.pointee == 0)
    cache.free(object)
    #expect(ended.pointee == 1)
    try cache.slots.destroy()
    #expect(machine.isAsAtBoot)
  }
}
