public import MemoryTypes

/// How many KiB a machine keeps free, from which all watermarks follow. Linux: `min_free_kbytes`.
public enum MinimumFree {
  /// From how many frames without HighMem and Movable on; those above a zone's high mark count.
  ///
  /// The square root of 16 times the memory in KiB, at least 128 and at most 262144: 4 MiB per GiB,
  /// falling. Linux: `calculate_min_free_kbytes()`, mm/page_alloc.c.
  public static func kilobytes(forBuffers pages: PageCount, _ pageSize: PageSize) -> UInt64 {
    let memory = UInt64(pages.rawValue) << UInt64(pageSize.shift - 10)
    return min(max(squareRoot(memory &* 16), 128), 262_144)
  }

  /// What huge pages recommend: two free blocks of a page block's size in each zone that the kernel
  /// allocates from, and enough that each of three migrate types may fall back to each other, but at
  /// most a twentieth of the memory. It only ever raises `min_free_kbytes`.
  ///
  /// - Parameters:
  ///   - zones: Zones with memory, of all nodes, HighMem and Movable left out.
  ///   - block: Frames of a page block.
  ///   - pages: As for `kilobytes`.
  ///
  /// Linux: `set_recommended_min_free_kbytes()`, mm/khugepaged.c.
  public static func kilobytesForHugePages(
    zones: UInt, block: PageCount, buffers pages: PageCount, _ pageSize: PageSize
  ) -> UInt64 {
    let wanted = UInt64(zones) &* (2 + 3 * 3) &* UInt64(block.rawValue)
    return min(wanted, UInt64(pages.rawValue) / 20) << UInt64(pageSize.shift - 10)
  }

  /// Below this much memory that the allocator was given, huge pages are off. Linux:
  /// `hugepage_init()`, mm/huge_memory.c.
  public static func allowsHugePages(_ total: PageCount, _ pageSize: PageSize) -> Bool {
    UInt64(total.rawValue) << UInt64(pageSize.shift) >= 512 << 20
  }

  /// The largest number whose square is at most `value`. 32 steps, no division.
  /// Linux: `int_sqrt()`.
  static func squareRoot(_ value: UInt64) -> UInt64 {
    var root: UInt64 = 0
    var rest = value
    var bit: UInt64 = 1 << 62
    while bit > 0 {
      if rest >= root + bit {
        rest -= root + bit
        root = (root >> 1) + bit
      } else {
        root >>= 1
      }
      bit >>= 2
    }
    return root
  }
}
