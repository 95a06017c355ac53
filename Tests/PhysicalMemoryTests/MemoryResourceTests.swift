import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// The memory of a machine as /proc/iomem shows it.
struct MemoryResourceTests {
  @Test("the kernel's parts cut the reservation around them, and shared pages are told once")
  func tree() throws {
    let arrays = Arrays(regions: 16)
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0x4000_0000, 0x6000_0000))
    try memblock.add(PhysicalRange(0x1_0000_0000, 0x1_4000_0000))
    try memblock.mark(PhysicalRange(0x1_3000_0000, 0x1_4000_0000), .notMapped)
    try memblock.reserve(PhysicalRange(0x4020_0000, 0x4081_0000))
    try memblock.reserve(PhysicalRange(0x5fef_1bc0, 0x5ffb_1fc8))
    try memblock.reserve(PhysicalRange(0x5ffb_1fd0, 0x5ffb_2010))
    try memblock.reserve(PhysicalRange(0x7000_0000, 0x7000_1000))
    let image = KernelImage(
      code: PhysicalRange(0x4020_0000, 0x4064_0000), data: PhysicalRange(0x406b_0000, 0x4081_0000))
    var sink = TextCollector()
    memblock.forEachResource(image, .size4K) { $0.write(to: &sink) }
    #expect(
      sink.text == """
        40000000-5fffffff : System RAM
          40200000-4063ffff : Kernel code
          40640000-406affff : reserved
          406b0000-4080ffff : Kernel data
          5fef1000-5ffb1fff : reserved
          5ffb2000-5ffb2fff : reserved
        100000000-12fffffff : System RAM
        130000000-13fffffff : reserved

        """)
  }

  @Test("an image outside of memory is not told")
  func noImage() throws {
    let arrays = Arrays(regions: 16)
    var memblock = arrays.memblock()
    try memblock.add(PhysicalRange(0x4000_0000, 0x4001_0000))
    try memblock.reserve(PhysicalRange(0x4000_0000, 0x4001_0000))
    let image = KernelImage(
      code: PhysicalRange(0x8000_0000, 0x8001_0000), data: PhysicalRange(0x1000, 0x2000))
    var lines = 0
    memblock.forEachResource(image, .size4K) { _ in lines += 1 }
    #expect(lines == 2)
  }
}
