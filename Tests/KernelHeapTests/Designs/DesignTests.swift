import KernelHeap
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// What every design does.
struct DesignTests {
  static func machine(
    _ design: SlabDesign, frames: UInt = 4096, processors: Int = 1, nodes: Int = 1
  ) throws -> Laboratory {
    let machine = try Laboratory(frames: frames, processors: processors, nodes: nodes)
    try SlabHeap.boot(HeapOptions(design: design), on: machine.pages)
    return machine
  }

  @Test(
    "objects are apart, aligned, cleared if asked, and all come back",
    arguments: SlabDesign.allCases)
  func objects(design: SlabDesign) throws {
    let machine = try Self.machine(design)
    for size in [1, 8, 24, 100, 257, 700, 1500, 4096, 9000] as [UInt] {
      let cache = try SlabCache(
        name: "things", objectSize: ByteCount(size), alignment: ByteCount(16),
        pages: machine.pages)
      var taken: [UInt] = []
      for index in 0..<150 {
        let object = unsafe try cache.allocate(flags: [.kernel, .zeroed])
        let bytes = unsafe UnsafeMutableRawBufferPointer(start: object, count: Int(size))
        #expect(unsafe bytes.allSatisfy { $0 == 0 })
        unsafe bytes.initializeMemory(as: UInt8.self, repeating: UInt8(index))
        taken.append(UInt(bitPattern: object))
      }
      cache.checkInvariants()
      #expect(cache.activeObjects == 150)
      #expect(taken.allSatisfy { $0 % 16 == 0 })
      #expect(throws: SlabCacheError.objectsRemain(150)) { try cache.destroy() }
      for (index, address) in taken.enumerated() {
        let object = unsafe UnsafeMutableRawPointer(bitPattern: address)!
        let bytes = unsafe UnsafeRawBufferPointer(start: object, count: Int(size))
        #expect(unsafe bytes.allSatisfy { $0 == UInt8(index) })
        unsafe cache.free(object)
      }
      cache.checkInvariants()
      #expect(cache.activeObjects == 0)
      try cache.destroy()
    }
    SlabHeap.end(of: machine.pages)
    #expect(machine.isAsAtBoot)
  }

  @Test("random histories keep every object whole", arguments: SlabDesign.allCases)
  func histories(design: SlabDesign) throws {
    try withSeed { generator in
      let machine = try Self.machine(design)
      let size = UInt(generator.next(below: 600)) + 8
      let cache = try SlabCache(
        name: "things", objectSize: ByteCount(size), pages: machine.pages)
      var model = ObjectModel(size: Int(size))
      for step in 0..<12_000 {
        if step % 3000 == 1500 { cache.reap(processor: 0) }
        if step % 400 == 399 { cache.checkInvariants() }
        if step % 5000 == 4999 { cache.shrink() }
        let grows = step % 4000 < 2200
        if generator.next(below: 100) < (grows ? 65 : 35) {
          guard let object = unsafe try? cache.allocate() else { continue }
          unsafe model.take(object)
        } else if let object = unsafe try model.give(&generator) {
          unsafe cache.free(object)
        }
        #expect(cache.activeObjects == model.count || step % 50 != 0)
      }
      while let object = unsafe try model.give(&generator) { unsafe cache.free(object) }
      cache.checkInvariants()
      try cache.destroy()
      SlabHeap.end(of: machine.pages)
      #expect(machine.isAsAtBoot)
    }
  }

  @Test("whatever frame cannot be had, nothing is lost", arguments: SlabDesign.allCases)
  func failures(design: SlabDesign) throws {
    let machine = try Self.machine(design)
    for wants in [[], [SlabFlags.typeSafeByRCU]] as [SlabFlags] {
      try forEachFault { plan in
        let cache = try SlabCache(
          SlabRequest(name: "things", objectSize: ByteCount(128), flags: wants),
          pages: machine.pages)
        machine.pages.pointee.faultPlan = plan
        var taken: [UInt] = []
        for _ in 0..<300 {
          guard let object = unsafe try? cache.allocate(flags: .noWait) else { continue }
          taken.append(UInt(bitPattern: object))
        }
        let failures = machine.pages.pointee.faultPlan.failureCount
        machine.pages.pointee.faultPlan = .none
        cache.checkInvariants()
        #expect(cache.activeObjects == taken.count)
        for address in taken { unsafe cache.free(UnsafeMutableRawPointer(bitPattern: address)!) }
        try cache.destroy()
        return failures
      }
    }
    SlabHeap.end(of: machine.pages)
    #expect(machine.isAsAtBoot)
  }

  @Test("a machine without memory says so and works on", arguments: SlabDesign.allCases)
  func exhaustion(design: SlabDesign) throws {
    let machine = try Self.machine(design, frames: 512)
    let cache = try SlabCache(name: "things", objectSize: ByteCount(512), pages: machine.pages)
    var taken: [UInt] = []
    while let object = unsafe try? cache.allocate(flags: .noWait) {
      taken.append(UInt(bitPattern: object))
    }
    #expect(taken.count > 2000)
    #expect(Set(taken).count == taken.count)
    cache.checkInvariants()
    for address in taken { unsafe cache.free(UnsafeMutableRawPointer(bitPattern: address)!) }
    try cache.destroy()
    SlabHeap.end(of: machine.pages)
    #expect(machine.isAsAtBoot)
  }

  @Test("kmalloc serves every size and takes all back", arguments: SlabDesign.allCases)
  func kmalloc(design: SlabDesign) throws {
    let machine = try Self.machine(design)
    var heap = try KmallocCaches(pages: machine.pages)
    var taken: [(address: UInt, size: Int)] = []
    for size in stride(from: 1, to: 20_000, by: 37) {
      let object = unsafe try heap.kmalloc(ByteCount(UInt(size)))
      unsafe object.initializeMemory(
        as: UInt8.self, repeating: UInt8(truncatingIfNeeded: size), count: size)
      #expect(unsafe heap.ksize(object) >= ByteCount(UInt(size)))
      #expect(UInt(bitPattern: object) % 8 == 0)
      taken.append((UInt(bitPattern: object), size))
    }
    for power in 3...12 {
      let object = unsafe try heap.kmalloc(ByteCount(1 << UInt(power)))
      #expect(UInt(bitPattern: object) % (1 << UInt(power)) == 0)
      taken.append((UInt(bitPattern: object), 0))
    }
    heap.checkInvariants()
    for (address, size) in taken {
      let object = unsafe UnsafeMutableRawPointer(bitPattern: address)!
      let bytes = unsafe UnsafeRawBufferPointer(start: object, count: size)
      #expect(unsafe bytes.allSatisfy { $0 == UInt8(truncatingIfNeeded: size) })
      unsafe heap.kfree(object)
    }
    heap.checkInvariants()
    try heap.destroy()
    SlabHeap.end(of: machine.pages)
    #expect(machine.isAsAtBoot)
  }
}

/// Objects with what was written into them.
private struct ObjectModel {
  let size: Int
  private var objects: [(address: UInt, mark: UInt8)] = []
  private var mark: UInt8 = 0

  init(size: Int) { self.size = size }

  var count: Int { objects.count }

  @unsafe
  mutating func take(_ object: UnsafeMutableRawPointer) {
    mark &+= 1
    unsafe object.initializeMemory(as: UInt8.self, repeating: mark, count: size)
    objects.append((UInt(bitPattern: object), mark))
  }

  @unsafe
  mutating func give(_ generator: inout SeededGenerator) throws -> UnsafeMutableRawPointer? {
    guard !objects.isEmpty else { return nil }
    objects.swapAt(generator.next(in: 0..<objects.count), objects.count - 1)
    let (address, mark) = objects.removeLast()
    let object = unsafe UnsafeMutableRawPointer(bitPattern: address)!
    for offset in 0..<size {
      let byte = unsafe object.load(fromByteOffset: offset, as: UInt8.self)
      try requireEqual(byte, mark, "a byte of an object")
    }
    return unsafe object
  }
}
