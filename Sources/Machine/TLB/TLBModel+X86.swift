/// Processors of the x86 family. Where no number is published the comment says *assumed*.
///
/// Neither maker publishes a replacement policy: least recently used where a TLB is fully
/// associative and tree-PLRU elsewhere are assumed.
extension TLBModel {
  /// AMD Zen 4, as in EPYC 9004.
  public static var zen4: TLBModel {
    TLBModel(
      // CPUID 8000_0005h of an EPYC 9004: 64 entries, fully associative; Software Optimization
      // Guide (57647): all sizes.
      instruction: TLBLevelGeometry(.fullyAssociative(64, zenSizes)),
      // CPUID 8000_0005h: 72 entries, fully associative; SOG: all sizes.
      data: TLBLevelGeometry(.fullyAssociative(72, zenSizes)),
      // CPUID 8000_0006h: 3072 entries, of one skewed array 8 ways for 4K and 6 for 2M; SOG: no 1G
      // pages. One array of 24 ways for all sizes assumed.
      second: TLBLevelGeometry(
        TLBGeometry(
          sets: 128, ways: 24, sizes: [.size4K, .size16K, .size2M], replacement: .treePseudoLRU)),
      // CPUID 8000_0006h: 512 entries; SOG: no 1G pages. 8 ways as in Zen 2 (7-cpu.com).
      secondInstruction: TLBLevelGeometry(
        TLBGeometry(
          sets: 64, ways: 8, sizes: [.size4K, .size16K, .size2M], replacement: .treePseudoLRU)),
      // SOG: a page directory cache of 64 entries; the upper ones assumed.
      walkCaches: WalkCacheGeometry(
        pmd: .fullyAssociative(64, []), pud: .fullyAssociative(16, []),
        p4d: .fullyAssociative(4, [])),
      secondLatency: 7,  // Measured on Zen 2 and 3 by Chips and Cheese: 7 cycles.
      timings: MemoryTimings(
        // CPUID 8000_001Dh: 32 KiB, 8 ways; SOG: 4 cycles.
        first: CacheGeometry(sets: 64, ways: 8, latency: 4),
        // CPUID 8000_001Dh: 1 MiB, 8 ways; SOG: 14 cycles.
        second: CacheGeometry(sets: 2048, ways: 8, latency: 14),
        // CPUID 8000_001Dh: 32 MiB, 16 ways, for eight cores: a share of 4 MiB; SOG: 50 cycles.
        last: CacheGeometry(sets: 4096, ways: 16, latency: 50),
        // Assumed: 105 ns at 3.7 GHz.
        memory: 390),
      // SOG: four aligned 4K pages of equal attributes make one entry of 16K.
      coalescedShift: 2)
  }

  /// Intel Ice Lake (Sunny Cove), client.
  public static var iceLake: TLBModel {
    TLBModel(
      // Optimization Reference Manual 2.6 (Ice Lake): 128 entries, 8 ways, for 4K; 16 for 2M/4M,
      // of which each of two threads has 8, fully associative.
      instruction: TLBLevelGeometry(
        TLBGeometry(sets: 16, ways: 8, sizes: .size4K, replacement: .treePseudoLRU),
        large: .fullyAssociative(16, [.size2M, .size4M])),
      // ORM, loads: 64 entries, 4 ways, 4K; 32 entries, 4 ways, 2M/4M; 8 entries 1G. Stores have 16
      // of their own, which are left out.
      data: TLBLevelGeometry(
        TLBGeometry(sets: 16, ways: 4, sizes: .size4K, replacement: .treePseudoLRU),
        large: TLBGeometry(
          sets: 8, ways: 4, sizes: [.size2M, .size4M], replacement: .treePseudoLRU),
        huge: .fullyAssociative(8, .size1G)),
      // ORM: 2048 entries, 16 ways; 2M/4M and 1G may use half of them, which is not modelled.
      second: TLBLevelGeometry(
        TLBGeometry(
          sets: 128, ways: 16, sizes: [.size4K, .size2M, .size4M, .size1G],
          replacement: .treePseudoLRU)),
      // Measured on earlier Intel cores by van Schaik and others ("RevAnC", 2017): 32, 4 and 4.
      walkCaches: WalkCacheGeometry(
        pmd: TLBGeometry(sets: 8, ways: 4), pud: .fullyAssociative(4, []),
        p4d: .fullyAssociative(4, [])),
      secondLatency: 7,  // ORM, for Skylake: a DTLB miss that hits the STLB costs 7 cycles.
      timings: MemoryTimings(
        // ORM: 48 KiB, 12 ways, 5 cycles.
        first: CacheGeometry(sets: 64, ways: 12, latency: 5),
        // AnandTech (Ice Lake, 2019): 512 KiB, 8 ways; ORM: 13 cycles.
        second: CacheGeometry(sets: 1024, ways: 8, latency: 13),
        // AnandTech: 2 MiB per core, 16 ways; 45 cycles assumed.
        last: CacheGeometry(sets: 2048, ways: 16, latency: 45),
        // Assumed: 80 ns at 3.7 GHz.
        memory: 300))
  }

  /// Intel Atom of 2010 (Bonnell: N270, N450): a small i386 machine.
  public static var bonnell: TLBModel {
    TLBModel(
      // CPUID leaf 2: 32 entries for instructions; fully associative and 4M by pieces assumed.
      instruction: TLBLevelGeometry(.fullyAssociative(32, .size4K)),
      // 7-cpu.com (Atom N270): 16 entries; fully associative assumed. CPUID leaf 2: 8 entries,
      // 4 ways, for large pages.
      data: TLBLevelGeometry(
        .fullyAssociative(16, .size4K),
        large: TLBGeometry(sets: 2, ways: 4, sizes: [.size2M, .size4M])),
      // 7-cpu.com: 64 entries; CPUID leaf 2: 4 ways. For data; instructions share it here.
      second: TLBLevelGeometry(
        TLBGeometry(sets: 16, ways: 4, sizes: .size4K, replacement: .treePseudoLRU)),
      walkCaches: WalkCacheGeometry(pmd: .fullyAssociative(16, [])),  // Assumed.
      secondLatency: 7,  // 7-cpu.com: a miss of the first level costs 7 cycles.
      timings: MemoryTimings(
        // 7-cpu.com: 24 KiB, 6 ways, 3 cycles.
        first: CacheGeometry(sets: 64, ways: 6, latency: 3),
        // 7-cpu.com: 512 KiB, 8 ways, 15 cycles.
        second: CacheGeometry(sets: 1024, ways: 8, latency: 15),
        last: .absent,
        // 7-cpu.com: 115 ns behind 38 cycles, at 1.6 GHz.
        memory: 222))
  }

  private static var zenSizes: EntrySizes { [.size4K, .size16K, .size2M, .size1G] }
}
