import KernelHeap
import MemoryTypes
import Testing

/// How slabs are cut, against what running kernels report.
struct GeometryTests {
  /// A line of /sys/kernel/slab of a kernel with one processor.
  struct Cache: Sendable {
    let objectSize: UInt
    let slotSize: UInt
    let perSlab: Int
    let order: UInt8
    let alignment: UInt
    let minimumPartial: Int

    init(_ numbers: (UInt, UInt, Int, UInt8, UInt, Int)) {
      (objectSize, slotSize, perSlab, order, alignment, minimumPartial) = numbers
    }
  }

  private func check(_ cache: Cache, _ pageSize: PageSize) {
    let geometry = SlabGeometry(
      objectSize: ByteCount(cache.objectSize), alignment: ByteCount(cache.alignment),
      pageSize: pageSize)
    #expect(geometry.slotSize == ByteCount(cache.slotSize))
    #expect(geometry.order == Order(cache.order))
    #expect(geometry.objects(in: geometry.order) == cache.perSlab)
    #expect(geometry.minimumPartial == cache.minimumPartial)
  }

  @Test(
    "slabs of 4 KiB pages are cut as Linux 6.12 cuts them on x86-64",
    arguments: [
      (24, 24, 170, 0, 8, 5), (40, 40, 102, 0, 8, 5), (64, 64, 64, 0, 64, 5),
      (96, 96, 42, 0, 8, 5), (136, 136, 30, 0, 8, 5), (192, 192, 21, 0, 8, 5),
      (256, 256, 16, 0, 256, 5), (272, 272, 15, 0, 8, 5), (296, 320, 12, 0, 64, 5),
      (432, 432, 9, 0, 8, 5), (512, 512, 8, 0, 256, 5), (576, 576, 14, 1, 64, 5),
      (640, 640, 12, 1, 64, 5), (792, 832, 19, 2, 64, 5), (968, 968, 8, 1, 8, 5),
      (1024, 1024, 8, 1, 64, 5), (1056, 1088, 15, 2, 64, 5), (1312, 1312, 12, 2, 8, 5),
      (2048, 2048, 8, 2, 64, 5), (2080, 2112, 15, 3, 64, 5), (4096, 4096, 8, 3, 64, 6),
    ].map(Cache.init))
  func pages4K(cache: Cache) { check(cache, .size4K) }

  @Test(
    "slabs of 64 KiB pages are cut as Linux 6.12 cuts them on arm64",
    arguments: [
      (8, 8, 8192, 0, 8, 5), (24, 24, 2730, 0, 8, 5), (112, 128, 512, 0, 64, 5),
      (328, 384, 170, 0, 64, 5), (576, 576, 113, 0, 64, 5), (2080, 2112, 31, 0, 64, 5),
      (8192, 8192, 8, 0, 8192, 6), (16384, 16384, 8, 1, 16384, 7),
      (65536, 65536, 8, 3, 65536, 8), (131072, 131072, 4, 3, 131072, 8),
    ].map(Cache.init))
  func pages64K(cache: Cache) { check(cache, .size64K) }

  @Test("more processors make larger slabs")
  func processors() {
    func order(_ processors: Int) -> Order {
      SlabGeometry(
        objectSize: ByteCount(256), alignment: ByteCount(8), pageSize: .size4K,
        processors: processors
      ).order
    }
    #expect(order(1) == Order(0))
    #expect(order(4) == Order(0))
    #expect(order(8) == Order(1))
    #expect(order(64) == Order(1))
    #expect(order(256) == Order(2))
  }

  @Test("an object larger than eight pages gets a slab of its own size")
  func large() {
    let geometry = SlabGeometry(
      objectSize: ByteCount(40_000), alignment: ByteCount(8), pageSize: .size4K)
    #expect(geometry.order == Order(4))
    #expect(geometry.objects(in: geometry.order) == 1)
  }
}
