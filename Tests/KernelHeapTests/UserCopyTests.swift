import KernelHeap
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// What may be copied from and to user space.
struct UserCopyTests {
  @Test(
    "bytes of the window may be copied, and none beside it",
    arguments: SlabDesign.with(.namedObjects), [[], SlabFlags.fullDebugging])
  func window(design: SlabDesign, flags: SlabFlags) throws {
    let machine = try Laboratory(design)
    let cache = try SlabCache(
      SlabRequest(
        name: "things", objectSize: ByteCount(100), flags: flags, userWindow: 16..<48),
      pages: machine.pages)
    for _ in 0..<30 {
      let object = unsafe try cache.allocate()
      func allows(_ offset: Int, _ count: UInt) -> Bool {
        unsafe SlabHeap.allowsUserCopy(
          of: object + offset, count: ByteCount(count), pages: machine.pages)
      }
      #expect(allows(16, 32) && allows(20, 1) && allows(47, 1))
      #expect(!allows(15, 1) && !allows(16, 33) && !allows(47, 2) && !allows(99, 1))
      #expect(allows(0, 0))
    }
  }

  @Test(
    "objects of kmalloc may be copied whole, and not beyond their end",
    arguments: SlabDesign.with(.sizeClasses))
  func kmalloc(design: SlabDesign) throws {
    let machine = try Laboratory(design)
    let heap = try KmallocCaches(pages: machine.pages)
    for size in [40, 200, 5000, 30_000] as [UInt] {
      let object = unsafe try heap.kmalloc(ByteCount(size))
      let usable = unsafe heap.ksize(object)
      let pages = machine.pages
      #expect(unsafe SlabHeap.allowsUserCopy(of: object, count: usable, pages: pages))
      #expect(unsafe SlabHeap.allowsUserCopy(of: object + 1, count: usable, pages: pages) == false)
      unsafe heap.kfree(object)
    }
  }

  @Test("a cache without a window lets nothing through; what is no heap's is not judged")
  func others() throws {
    let machine = try Laboratory()
    let cache = try SlabCache(name: "things", objectSize: ByteCount(64), pages: machine.pages)
    let one = ByteCount(1)
    let object = unsafe try cache.allocate()
    #expect(unsafe SlabHeap.allowsUserCopy(of: object, count: one, pages: machine.pages) == false)
    let frame = try machine.pages.pointee.allocatePage(flags: .kernel)
    let bytes = unsafe machine.pages.pointee.pointer(to: frame)
    #expect(unsafe SlabHeap.allowsUserCopy(of: bytes, count: one, pages: machine.pages))
    let local = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
    defer { unsafe local.deallocate() }
    #expect(unsafe SlabHeap.allowsUserCopy(of: local, count: one, pages: machine.pages))
  }
}

/// The heap in the kernel's words, and on several nodes.
struct SlabInfoTests {
  @Test("slabinfo has a line for each cache, the newest first")
  func text() throws {
    let machine = try Laboratory(.slub)
    let small = try SlabCache(name: "small", objectSize: ByteCount(64), pages: machine.pages)
    _ = try SlabCache(name: "large", objectSize: ByteCount(4096), pages: machine.pages)
    for _ in 0..<70 { _ = unsafe try small.allocate() }
    var sink = TextCollector()
    SlabHeap.writeSlabInfo(of: machine.pages, to: &sink)
    let lines = sink.text.split(separator: "\n")
    #expect(lines[0] == "slabinfo - version: 2.1")
    #expect(lines[1].hasPrefix("# name            <active_objs> <num_objs> <objsize>"))
    #expect(
      lines[2] == "large                  0      0   4096    8    8 : tunables    0    0    0"
        + " : slabdata      0      0      0")
    #expect(
      // The rest of the second slab is the processor's, and counts as active.
      lines[3] == "small                128    128     64   64    1 : tunables    0    0    0"
        + " : slabdata      2      2      0")
    #expect(lines.count == 5 && lines[4].hasPrefix("kmem_cache "))
  }

  @Test("SLAB tells the lengths of its queues")
  func queues() throws {
    let machine = try Laboratory(.slab, processors: 2)
    _ = try SlabCache(name: "things", objectSize: ByteCount(256), pages: machine.pages)
    var sink = TextCollector()
    SlabHeap.writeSlabInfo(of: machine.pages, to: &sink)
    #expect(sink.text.contains(" : tunables  120   60    8 : slabdata      0      0      0\n"))
  }

  @Test("an object comes from the near node, and from a far one that has more than it keeps")
  func nodes() throws {
    let machine = try Laboratory(.slub, frames: 4096, processors: 2, nodes: 2)
    let cache = try SlabCache(name: "things", objectSize: ByteCount(512), pages: machine.pages)
    defer { Laboratory.enter(0) }
    Laboratory.enter(0)
    let count = 8 * 60
    let objects = try (0..<count).map { _ in UInt(bitPattern: unsafe try cache.allocate()) }
    for index in stride(from: 0, to: count, by: 8) {
      unsafe cache.free(UnsafeMutableRawPointer(bitPattern: objects[index])!)
    }
    cache.checkInvariants()
    Laboratory.enter(1)
    let slabs = cache.slabCount
    // The first node keeps five partial slabs and whatever its processor has.
    for _ in 0..<20 { _ = unsafe try cache.allocate() }
    #expect(cache.slabCount == slabs)
    for _ in 0..<80 { _ = unsafe try cache.allocate() }
    #expect(cache.slabCount > slabs)
    cache.checkInvariants()
  }
}
