import MemoryTypes
import PhysicalMemory
import Testing

/// The formulas of marks and reserves, with numbers of running kernels.
struct ZoneFormulaTests {
  @Test(
    "the minimum grows with the root of memory and has bounds",
    arguments: [
      (126_489, 2845), (112_958 + 3840, 2734), (1, 128), (UInt(1) << 40, 262_144),
    ] as [(UInt, UInt64)])
  func minimum(pages: UInt, kilobytes: UInt64) {
    #expect(MinimumFree.kilobytes(forBuffers: PageCount(pages), .size4K) == kilobytes)
  }

  @Test("huge pages raise the minimum by page blocks, but not beyond a twentieth")
  func hugePages() {
    let block = PageCount(512)
    #expect(
      MinimumFree.kilobytesForHugePages(
        zones: 2, block: block, buffers: PageCount(1_000_000), .size4K) == 45_056)
    #expect(
      MinimumFree.kilobytesForHugePages(
        zones: 2, block: block, buffers: PageCount(200_000), .size4K) == 40_000)
    #expect(MinimumFree.allowsHugePages(PageCount(131_072), .size4K))
    #expect(!MinimumFree.allowsHugePages(PageCount(131_071), .size4K))
  }

  @Test("each zone has its part of the minimum and steps of a quarter of it")
  func watermarks() {
    let basis = WatermarkBasis(
      minimumFreeKilobytes: 2845, lowMemory: PageCount(126_489), pageSize: .size4K)
    let marks = Watermarks(of: ZoneSize(.dma, managed: PageCount(126_489)), basis)
    #expect(marks == Watermarks(711, 888, 1065, 1242))
  }

  @Test("HighMem has a small minimum of its own and steps as if it had a part")
  func highMemory() {
    let basis = WatermarkBasis(
      minimumFreeKilobytes: 43_124, lowMemory: PageCount(217_027), pageSize: .size4K)
    let marks = Watermarks(of: ZoneSize(.highMemory, managed: PageCount(37_857)), basis)
    #expect(marks == Watermarks(36, 506, 976, 1446))
  }

  @Test("an empty Movable zone keeps 32 pages, or none where it shares the minimum")
  func emptyMovable() {
    var basis = WatermarkBasis(
      minimumFreeKilobytes: 2845, lowMemory: PageCount(1000), pageSize: .size4K)
    let zone = ZoneSize(.movable, managed: .zero)
    #expect(Watermarks(of: zone, basis) == Watermarks(32, 32, 32, 32))
    basis.countsMovable = true
    #expect(Watermarks(of: zone, basis) == .none)
  }

  @Test("the scale factor widens the steps of a large zone")
  func scaleFactor() {
    var basis = WatermarkBasis(
      minimumFreeKilobytes: 128, lowMemory: PageCount(100_000), pageSize: .size4K)
    basis.scaleFactor = 1000
    let marks = Watermarks(of: ZoneSize(.normal, managed: PageCount(100_000)), basis)
    #expect(marks == Watermarks(32, 10_032, 20_032, 30_032))
  }

  @Test("a machine without low memory has marks, not a trap")
  func noLowMemory() {
    let basis = WatermarkBasis(minimumFreeKilobytes: 128, lowMemory: .zero, pageSize: .size4K)
    #expect(Watermarks(of: ZoneSize(.normal, managed: .zero), basis) == .none)
  }

  @Test("a zone keeps back the zones above it, each sum divided by its ratio")
  func reserve() {
    var managed = InlineArray<5, PageCount>(repeating: .zero)
    managed[0] = PageCount(3840)
    managed[1] = PageCount(115_023)
    managed[4] = PageCount(60_720)
    let reserve = LowMemoryReserve(of: .dma, ratio: 256, managed)
    #expect(reserve[.dma] == .zero)
    #expect(reserve[.dma32] == PageCount(449))
    #expect(reserve[.normal] == PageCount(449))
    #expect(reserve[.movable] == PageCount(686))
    #expect(reserve.largest == PageCount(686))
    #expect(reserve.total(high: PageCount(32), managed: PageCount(3840)) == PageCount(718))
    #expect(reserve.total(high: PageCount(32), managed: PageCount(700)) == PageCount(700))
    let none = LowMemoryReserve(of: .normal, ratio: 32, managed)
    #expect(none.largest == .zero)
  }

  @Test("batch and high marks of per-CPU lists follow the zone and its low mark")
  func perCPU() {
    let large = PerCPUMarks(
      managed: PageCount(126_489), low: PageCount(888), processors: 1, .size4K)
    #expect(large == PerCPUMarks(31, 888, 15_811))
    let shared = PerCPUMarks(
      managed: PageCount(126_489), low: PageCount(888), processors: 4, .size4K)
    #expect(shared == PerCPUMarks(31, 222, 3952))
    let small = PerCPUMarks(managed: .zero, low: PageCount(32), processors: 1, .size4K)
    #expect(small == PerCPUMarks(1, 32, 4))
    let coarse = PerCPUMarks(
      managed: PageCount(48_757), low: PageCount(3033), processors: 1, .size64K)
    #expect(coarse == PerCPUMarks(3, 3033, 6094))
  }

  @Test("an older kernel has one high mark, and a fraction replaces both")
  func untuned() {
    let old = PerCPUMarks(
      managed: PageCount(126_489), low: PageCount(888), processors: 1, isTuned: false, .size4K)
    #expect(old == PerCPUMarks(31, 888, 888))
    let fraction = PerCPUMarks(
      managed: PageCount(80_000), low: PageCount(888), processors: 2, fraction: 8, .size4K)
    #expect(fraction == PerCPUMarks(15, 5000, 5000))
  }

  @Test("counters may drift further on larger zones and more processors")
  func statistics() {
    #expect(StatisticsThreshold.pages(managed: PageCount(3840), processors: 1, .size4K) == 2)
    #expect(StatisticsThreshold.pages(managed: PageCount(126_489), processors: 1, .size4K) == 6)
    #expect(StatisticsThreshold.pages(managed: PageCount(126_489), processors: 2, .size4K) == 12)
    #expect(
      StatisticsThreshold.pages(managed: PageCount(1 << 30), processors: 64, .size4K) == 125)
  }
}

extension Watermarks {
  fileprivate init(_ min: UInt, _ low: UInt, _ high: UInt, _ promo: UInt) {
    self.init(
      min: PageCount(min), low: PageCount(low), high: PageCount(high), promo: PageCount(promo))
  }
}

extension PerCPUMarks {
  fileprivate init(_ batch: UInt, _ minimum: UInt, _ maximum: UInt) {
    self.init(
      batch: PageCount(batch), highMinimum: PageCount(minimum), highMaximum: PageCount(maximum))
  }
}
