import KernelHeap
import MemoryTypes
import PhysicalMemory
import Testing

struct QueuedDesignTests {
  private func cache(
    _ size: UInt, _ machine: borrowing Laboratory, _ flags: SlabFlags = [], alignment: UInt = 1
  ) throws -> SlabCache {
    try SlabCache(
      SlabRequest(
        name: "things", objectSize: ByteCount(size), alignment: ByteCount(alignment),
        flags: flags), pages: machine.pages)
  }

  @Test(
    "slabs are cut as in /proc/slabinfo of Linux 6.1 with SLAB",
    arguments: [
      // The size asked for, the size of a slot, objects per slab, order.
      (8, 32, 124, 0), (32, 32, 124, 0), (64, 64, 64, 0), (96, 96, 42, 0), (128, 128, 32, 0),
      (192, 192, 21, 0), (256, 256, 16, 0), (512, 512, 8, 0), (1024, 1024, 4, 0),
      (2048, 2048, 2, 0), (4096, 4096, 1, 0), (8192, 8192, 1, 1), (704, 704, 11, 1),
    ] as [(UInt, UInt, Int, UInt8)])
  func geometry(size: UInt, slot: UInt, count: Int, order: UInt8) throws {
    let machine = try DesignTests.machine(.slab)
    let cache = try cache(size, machine)
    #expect(cache.geometry.slotSize == ByteCount(slot))
    #expect(cache.objectsPerSlab == count)
    #expect(cache.order == Order(order))
    try cache.destroy()
  }

  @Test("numbers of free objects stand outside where objects keep their bytes and nothing is over")
  func offSlab() throws {
    let machine = try DesignTests.machine(.slab)
    let outside = try cache(128, machine, .typeSafeByRCU)
    let inside = try cache(200, machine, .typeSafeByRCU)
    #expect(outside.objectsPerSlab == 32)
    let object = unsafe try outside.allocate()
    #expect(outside.pageCount == PageCount(2))
    unsafe outside.free(object)
    #expect(outside.shrink() == PageCount(1))
    #expect(outside.pageCount == .zero)
    #expect(inside.objectsPerSlab == 20)
    try outside.destroy()
    try inside.destroy()
  }

  @Test("each slab begins a cache line further on, as far as there is room")
  func colours() throws {
    let machine = try DesignTests.machine(.slab)
    let cache = try cache(608, machine)
    var offsets: Set<UInt> = []
    for _ in 0..<6 * 14 {
      let object = UInt(bitPattern: unsafe try cache.allocate())
      offsets.insert(object % 4096 % 608)
    }
    #expect(offsets == Set((0..<7).map { $0 * 64 }))
    #expect(cache.slabCount == 14)
  }

  @Test("who comes first gets sixteen objects of a new slab, the last of them first; then a batch")
  func batches() throws {
    let machine = try DesignTests.machine(.slab)
    let cache = try cache(64, machine)
    let taken = try (0..<20).map { _ in UInt(bitPattern: unsafe try cache.allocate()) }
    let start = (taken.min() ?? 0) & ~4095
    let numbers = taken.map { ($0 - start) / 64 }
    #expect(numbers == Array((0...15).reversed()) + [63, 62, 61, 60])
    #expect(cache.slabCount == 1)
    try giveAll(taken, to: cache, machine)
  }

  @Test("a slab that served goes on serving, one that gets an object back is asked last")
  func slabOrder() throws {
    let machine = try DesignTests.machine(.slab)
    let cache = try cache(64, machine)
    let taken = try (0..<192).map { _ in UInt(bitPattern: unsafe try cache.allocate()) }
    let first = taken.prefix(64).map { $0 >> 12 }
    let second = taken[64..<128].map { $0 >> 12 }
    #expect(Set(first).count == 1 && Set(second).count == 1)
    let given = taken.prefix(40) + taken[64..<104]
    for address in given { unsafe cache.free(UnsafeMutableRawPointer(bitPattern: address)!) }
    // The processor counts as idle now, and what it has goes to its slabs.
    cache.reap(processor: 0)
    cache.shrink()
    let few = try (0..<16).map { _ in UInt(bitPattern: unsafe try cache.allocate()) }
    #expect(few.allSatisfy { $0 >> 12 == first[0] })
    let batch = try (0..<60).map { _ in UInt(bitPattern: unsafe try cache.allocate()) }
    #expect(batch.filter { $0 >> 12 == first[0] }.count == 24)
    #expect(batch.filter { $0 >> 12 == second[0] }.count == 36)
    try giveAll(few + batch + taken[40..<64] + taken[104...], to: cache, machine)
  }

  @Test("what processors share is handed on in the order in which it was freed")
  func sharedOrder() throws {
    let machine = try DesignTests.machine(.slab, processors: 2)
    let cache = try cache(1024, machine)
    Laboratory.enter(0)
    let taken = try (0..<54 + 1).map { _ in UInt(bitPattern: unsafe try cache.allocate()) }
    Laboratory.enter(1)
    for address in taken { unsafe cache.free(UnsafeMutableRawPointer(bitPattern: address)!) }
    Laboratory.enter(0)
    // The first object comes from what the first processor still had.
    let again = try (0..<64).map { _ in UInt(bitPattern: unsafe try cache.allocate()) }
    let shared = again.filter { taken.prefix(27).contains($0) }
    #expect(shared == taken.prefix(27).reversed())
    for address in again { unsafe cache.free(UnsafeMutableRawPointer(bitPattern: address)!) }
    Laboratory.enter(0)
  }

  private func giveAll(
    _ taken: [UInt], to cache: borrowing SlabCache, _ machine: Laboratory
  ) throws {
    for address in taken { unsafe cache.free(UnsafeMutableRawPointer(bitPattern: address)!) }
    cache.checkInvariants()
    try cache.destroy()
    SlabHeap.end(of: machine.pages)
    #expect(machine.isAsAtBoot)
  }

  @Test("reaping gives back a part of what lay idle, and nothing that was used since")
  func reaping() throws {
    let machine = try DesignTests.machine(.slab)
    let cache = try cache(1024, machine)
    let taken = try (0..<400).map { _ in UInt(bitPattern: unsafe try cache.allocate()) }
    for address in taken { unsafe cache.free(UnsafeMutableRawPointer(bitPattern: address)!) }
    let kept = cache.slabCount
    #expect(kept < 100)
    for _ in 0..<60 {
      cache.reap(processor: 0)
      cache.checkInvariants()
    }
    #expect(cache.slabCount == 0)
    try cache.destroy()
    SlabHeap.end(of: machine.pages)
    #expect(machine.isAsAtBoot)
  }

  @Test("objects freed on another node go home by way of its arrays")
  func aliens() throws {
    let machine = try DesignTests.machine(.slab, processors: 2, nodes: 2)
    let cache = try cache(256, machine)
    Laboratory.enter(0)
    let taken = try (0..<300).map { _ in UInt(bitPattern: unsafe try cache.allocate()) }
    Laboratory.enter(1)
    for address in taken {
      unsafe cache.free(UnsafeMutableRawPointer(bitPattern: address)!)
      cache.checkInvariants()
    }
    #expect(cache.activeObjects == 0)
    let frames = Set(taken.map { $0 >> 12 })
    // Nothing of it may be handed out on the other node.
    let own = UInt(bitPattern: unsafe try cache.allocate())
    #expect(!frames.contains(own >> 12))
    Laboratory.enter(0)
    let again = UInt(bitPattern: unsafe try cache.allocate())
    #expect(frames.contains(again >> 12))
    for address in [own, again] {
      unsafe cache.free(UnsafeMutableRawPointer(bitPattern: address)!)
    }
    cache.reap(processor: 0)
    cache.reap(processor: 1)
    cache.checkInvariants()
    try cache.destroy()
    SlabHeap.end(of: machine.pages)
    #expect(machine.isAsAtBoot)
  }
}
