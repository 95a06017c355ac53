import KernelHeap
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// What /sys/kernel/slab says.
struct SlabFactTests {
  @Test("every figure of a cache has Linux's name and form")
  func figures() throws {
    let machine = try Laboratory(.slub, processors: 2, nodes: 2)
    defer { Laboratory.enter(0) }
    let request = SlabRequest(
      name: "things", objectSize: ByteCount(60), flags: [.cacheLineAligned, .reclaimable],
      userWindow: 8..<24)
    let cache = try SlabCache(request, pages: machine.pages)
    // Two full slabs, one with a free object, and the processor's own with sixteen objects.
    let taken = try (0..<3 * 64 + 16).map { _ in UInt(bitPattern: unsafe try cache.allocate()) }
    unsafe cache.free(UnsafeMutableRawPointer(bitPattern: taken[70])!)
    Laboratory.enter(1)
    _ = unsafe try cache.allocate()
    var sink = TextCollector()
    SlabHeap.writeFacts(of: machine.pages, to: &sink)
    let prefix = "/sys/kernel/slab/things/"
    let facts = sink.text.split(separator: "\n").filter { $0.hasPrefix(prefix) }
      .map { String($0.dropFirst(prefix.count)) }
    #expect(
      facts == [
        "align:64", "aliases:0", "cache_dma:0", "cpu_partial:120", "cpu_slabs:3 N0=2 N1=1",
        "destroy_by_rcu:0", "hwcache_align:1", "min_partial:5", "object_size:60",
        "objects:320 N0=256 N1=64", "objects_partial:0", "objs_per_slab:64", "order:0",
        "partial:0", "poison:0", "reclaim_account:1", "red_zone:0",
        "remote_node_defrag_ratio:100", "sanity_checks:0", "slab_size:64", "slabs:5 N0=4 N1=1",
        "slabs_cpu_partial:32(1) C0=32(1)", "store_user:0", "total_objects:320 N0=256 N1=64",
        "trace:0", "usersize:16",
      ])
  }

  @Test("a watched cache lists its slabs on their nodes, and says what it is watched for")
  func watched() throws {
    let machine = try Laboratory(.slub)
    let request = SlabRequest(
      name: "things", objectSize: ByteCount(100), flags: .fullDebugging)
    let cache = try SlabCache(request, pages: machine.pages)
    for _ in 0..<5 { _ = unsafe try cache.allocate() }
    func text(_ fact: SlabFact) -> String {
      var sink = TextCollector()
      cache.write(fact, to: &sink)
      return sink.text
    }
    #expect(text(.partial) == "1 N0=1")
    #expect(text(.partialObjects) == "5 N0=5")
    #expect(text(.objects) == "5 N0=5")
    #expect(text(.perCPUSlabs) == "0")
    for fact in [SlabFact.poison, .redZone, .sanityChecks, .storesUser] {
      #expect(text(fact) == "1")
    }
    #expect(text(.perCPUPartial) == "0")
  }

  @Test("names of one cache count as its aliases; the other designs have no such files")
  func aliases() throws {
    let machine = try Laboratory(.slub)
    let first = try SlabCache(name: "first", objectSize: ByteCount(64), pages: machine.pages)
    _ = try SlabCache(name: "second", objectSize: ByteCount(64), pages: machine.pages)
    var sink = TextCollector()
    first.write(.aliases, to: &sink)
    #expect(sink.text == "1")
    for design in SlabDesign.allCases where design != .slub {
      let other = try Laboratory(design)
      _ = try SlabCache(name: "first", objectSize: ByteCount(64), pages: other.pages)
      var sink = TextCollector()
      SlabHeap.writeFacts(of: other.pages, to: &sink)
      #expect(sink.text.isEmpty)
    }
  }
}
