import Foundation
import KernelHeap
import Machine
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// RAM of a machine under test with a page allocator, whose bytes are not zero at boot.
@safe
final class Laboratory {
  private let memory: UnsafeMutableRawPointer
  let pages: Ref<PageAllocator>
  /// The free frames at boot: what must be free again in the end.
  let bootCount: PageCount

  /// - Parameters:
  ///   - processors: More than one get their own number by `Laboratory.enter`.
  ///   - nodes: 1 or 2, each with a half of RAM.
  ///   - isExclusive: Whether the number of a processor is promised to belong to one thread.
  ///   - deviceFrames: How many frames old devices reach; 0 for no such zone.
  init(
    frames: UInt = 4096, pageSize: PageSize = .size4K, processors: Int = 1, nodes: Int = 1,
    isExclusive: Bool = false, deviceFrames: UInt = 0
  ) throws {
    let bytes = pageSize.bytes(in: PageCount(frames))
    unsafe memory = .allocate(
      byteCount: Int(bytes.rawValue), alignment: Int(pageSize.bytes.rawValue))
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0xA5, count: Int(bytes.rawValue))
    let map = unsafe DirectMap(
      base: memory, start: PhysicalAddress(0x4000_0000), count: bytes, pageSize: pageSize)
    var memblock = try Memblock.describing(map)
    if nodes > 1 { try Self.halve(&memblock, map) }
    var options = PageAllocatorOptions.plain(pageSize: map.pageSize)
    options.processors = processors
    if deviceFrames > 0 {
      let end = PhysicalAddress(map.start.rawValue + UInt64(deviceFrames) << UInt64(pageSize.shift))
      options.layout = ZoneLayout(pageSize: pageSize, kinds: .dma, dmaEnd: end)
    }
    pages = try PageAllocator.boot(memblock: &memblock, directMap: map, options: options)
    if processors > 1 {
      let barrier: ProcessorSource.Barrier = { _ in MemoryBarrier.pass() }
      let hasBarrier = isExclusive && MemoryBarrier.isAvailable
      pages.pointee.processors = unsafe ProcessorSource(
        context: nil, barrier: hasBarrier ? barrier : nil
      ) { _ in processorOfThread }
    }
    bootCount = pages.pointee.freePageCount
  }

  /// The thread that calls is processor `number` from now on.
  static func enter(_ number: Int) {
    Thread.current.threadDictionary["processor"] = number
  }

  /// Gives each of two nodes a half of RAM.
  private static func halve(_ memblock: inout Memblock, _ map: DirectMap) throws {
    let middle = PhysicalAddress(map.start.rawValue + UInt64(map.count.rawValue / 2))
    let end = PhysicalAddress(map.start.rawValue + UInt64(map.count.rawValue))
    try memblock.setNode(PhysicalRange(map.start, middle), 0)
    try memblock.setNode(PhysicalRange(middle, end), 1)
  }

  /// As the other initialiser, with a heap of that design.
  convenience init(
    _ design: SlabDesign, frames: UInt = 4096, pageSize: PageSize = .size4K, processors: Int = 1,
    nodes: Int = 1, isExclusive: Bool = false
  ) throws {
    try self.init(
      frames: frames, pageSize: pageSize, processors: processors, nodes: nodes,
      isExclusive: isExclusive)
    try SlabHeap.boot(HeapOptions(design: design), on: pages)
  }

  deinit { unsafe memory.deallocate() }

  var freeCount: PageCount { pages.pointee.freePageCount }

  /// Whether every frame is back, once a heap without caches has gone.
  var isAsAtBoot: Bool {
    SlabHeap.end(of: pages)
    return freeCount == bootCount
  }

  /// Makes the caches of kmalloc, which threads may use during `body`, and expects every frame back.
  func withSharedKmalloc(_ body: (Ref<KmallocCaches>) throws -> Void) throws {
    try withShared(try KmallocCaches(pages: pages)) { heap in
      try body(heap)
      heap.pointee.checkInvariants()
      try heap.pointee.destroy()
    }
    #expect(isAsAtBoot)
  }

  /// The same with one cache of objects of 72 bytes.
  func withSharedCache(_ body: (Ref<SlabCache>) throws -> Void) throws {
    try withShared(
      try SlabCache(name: "things", objectSize: ByteCount(72), pages: pages)
    ) { cache in
      try body(cache)
      cache.pointee.checkInvariants()
      try cache.pointee.destroy()
    }
    #expect(isAsAtBoot)
  }

  /// Puts a value at an address of its own during `body`.
  private func withShared<Value: ~Copyable>(
    _ value: consuming Value, _ body: (Ref<Value>) throws -> Void
  ) rethrows {
    let place = UnsafeMutablePointer<Value>.allocate(capacity: 1)
    unsafe place.initialize(to: value)
    defer {
      unsafe place.deinitialize(count: 1)
      unsafe place.deallocate()
    }
    try body(unsafe Ref(place))
  }

  /// Takes every frame there is.
  func exhaust() {
    while (try? pages.pointee.allocatePage(flags: .noWait)) != nil {}
  }
}

private var processorOfThread: Int {
  Thread.current.threadDictionary["processor"] as? Int ?? 0
}

extension SlabDesign {
  /// The designs that have all of `abilities`; what the others lack is said where those are.
  static func with(_ abilities: SlabAbilities) -> [SlabDesign] {
    allCases.filter { $0.abilities.isSuperset(of: abilities) }
  }

  func has(_ abilities: SlabAbilities) -> Bool { self.abilities.isSuperset(of: abilities) }
}
