import Machine
import MemoryTypes
import PhysicalMemory
import Testing

/// Sections of memory and the holes between them.
struct SectionTests {
  /// A map over 8 GiB whose memory is `ranges`.
  private func map(
    _ ranges: [(start: UInt64, end: UInt64)], _ architecture: Architecture = .x86_64,
    _ pageSize: PageSize = .size4K
  ) throws -> SectionMap {
    let arrays = Arrays(regions: 16)
    var memblock = arrays.memblock()
    for range in ranges { try memblock.add(PhysicalRange(range.start, range.end)) }
    let frames = FrameRange(PageFrameNumber(0), PageFrameNumber((8 << 30) >> UInt(pageSize.shift)))
    let order = SectionSize.order(architecture, pageSize)
    let count = SectionMap.count(for: frames, order: order)
    let words = UnsafeMutablePointer<UInt>.allocate(capacity: Bitmap.wordCount(for: count))
    unsafe words.initialize(repeating: 0, count: Bitmap.wordCount(for: count))
    // The bits of a test are few; they stay.
    return SectionMap(
      memblock, over: frames, order: order, pageSize: pageSize,
      bits: unsafe Bitmap(words, count: count))
  }

  @Test("a section is present when any byte of it is memory, a hole of whole sections is not")
  func presence() throws {
    let map = try map([(0x1000, 0x9f000), (0x10_0000, 0x8000_0000), (0x1_0000_0000, 0x1_0100_0000)])
    #expect(map.presentCount == 16 + 1)
    #expect(map.contains(PageFrameNumber(0)))
    #expect(map.contains(PageFrameNumber(0x7_FFFF)))
    #expect(!map.contains(PageFrameNumber(0x8_0000)))
    #expect(map.contains(PageFrameNumber(0x10_7FFF)))
    #expect(!map.contains(PageFrameNumber(0x10_8000)))
    #expect(!map.contains(PageFrameNumber(8 << 18)))
  }

  /// What booted kernels with 1 GiB print as `nr_memmap_boot_pages`.
  @Test(
    "the descriptors of 1 GiB fill as many pages as a kernel says it took for them",
    arguments: [(PageSize.size4K, 4096), (.size16K, 256), (.size64K, 16)])
  func descriptors(pageSize: PageSize, pages: Int) throws {
    let map = try map([(0x4000_0000, 0x8000_0000)], .arm64, pageSize)
    #expect(map.descriptorPages(pageSize).rawValue == UInt(pages))
  }

  @Test(
    "sections have the kernel's size",
    arguments: [
      (Architecture.x86_64, PageSize.size4K, 15), (.arm64, .size4K, 15), (.arm64, .size16K, 13),
      (.arm64, .size64K, 13), (.i386, .size4K, 17),
    ])
  func sizes(architecture: Architecture, pageSize: PageSize, order: Int) {
    #expect(SectionSize.order(architecture, pageSize).index == order)
  }
}
