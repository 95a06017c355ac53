/// Processors of the arm64 family. Where no number is published the comment says *assumed*; what
/// Arm calls TRM is the core's Technical Reference Manual.
///
/// Arm publishes no replacement policy: least recently used where a TLB is fully associative and
/// tree-PLRU elsewhere are assumed. Nor does it publish the size of the walk cache; the TRMs say
/// that tables' addresses stand in the L2 TLB: 64, 16 and 4 pointers are assumed.
extension TLBModel {
  /// Arm Cortex-A76, as in the Raspberry Pi 5.
  public static var cortexA76: TLBModel {
    TLBModel(
      // TRM (100798) A5.2.1: 48 entries, fully associative, of 4K, 16K, 64K, 2M and 32M.
      instruction: TLBLevelGeometry(
        .fullyAssociative(48, [.size4K, .size16K, .size64K, .size2M, .size32M])),
      // TRM A5.2.2: 48 entries, fully associative, of 4K, 16K, 64K, 2M and 512M.
      data: TLBLevelGeometry(
        .fullyAssociative(48, [.size4K, .size16K, .size64K, .size2M, .size512M])),
      second: armSecondLevel(sets: 256, ways: 5),
      walkCaches: armWalkCaches,
      // TRM A5.2.3: "usually takes three cycles".
      secondLatency: 3,
      timings: MemoryTimings(
        // TRM A6.1: 64 KiB, 4 ways; Software Optimization Guide: load to use 4 cycles.
        first: CacheGeometry(sets: 256, ways: 4, latency: 4),
        // Pi 5 (BCM2712): 512 KiB, 8 ways (TRM A7.1); 9 cycles as Arm announced the core.
        second: CacheGeometry(sets: 1024, ways: 8, latency: 9),
        // BCM2712: 2 MiB for four cores; 16 ways as the DSU's TRM; 512 KiB as a share and 35
        // cycles assumed.
        last: CacheGeometry(sets: 512, ways: 16, latency: 35),
        // Assumed: 120 ns at 2.4 GHz.
        memory: 290))
  }

  /// Arm Neoverse N1, as in Graviton 2 and Ampere Altra.
  public static var neoverseN1: TLBModel {
    var model = cortexA76
    // TRM (100616) A5.2: the TLBs of Cortex-A76, of which the core is the server form.
    model.timings = MemoryTimings(
      // TRM A6.1: 64 KiB, 4 ways; Software Optimization Guide: 4 cycles.
      first: CacheGeometry(sets: 256, ways: 4, latency: 4),
      // TRM A7.1: up to 1 MiB, 8 ways; 11 cycles for 1 MiB as in Arm's N1 paper (IEEE Micro 2020).
      second: CacheGeometry(sets: 2048, ways: 8, latency: 11),
      // Graviton 2: 32 MiB for 64 cores; a share of 512 KiB; 16 ways and 75 cycles (30 ns at
      // 2.5 GHz) assumed.
      last: CacheGeometry(sets: 512, ways: 16, latency: 75),
      // AnandTech measured 96 ns on Graviton 2, 2.5 GHz.
      memory: 240)
    return model
  }

  /// Arm Neoverse V2, as in Graviton 4 and NVIDIA Grace.
  public static var neoverseV2: TLBModel {
    var model = cortexA76
    model.forgetsRanges = true  // Armv9.0 has all of Armv8.5; FEAT_TLBIRANGE is of Armv8.4.
    // TRM (102375), "TLB organization": 48 entries each, fully associative.
    model.second = armSecondLevel(sets: 256, ways: 8)  // TRM: 2048 entries, 8 ways.
    // Assumed: as measured on V1 and Cortex-X2 by Chips and Cheese, 5 to 6 cycles.
    model.secondLatency = 5
    model.timings = MemoryTimings(
      // TRM: 64 KiB, 4 ways; Software Optimization Guide: 4 cycles.
      first: CacheGeometry(sets: 256, ways: 4, latency: 4),
      // Grace: 1 MiB, 8 ways; 10 cycles as Arm said at Hot Chips 2023.
      second: CacheGeometry(sets: 2048, ways: 8, latency: 10),
      // Grace: 117 MiB for 72 cores, about 1.6 MiB each; 1 MiB, 16 ways and 125 cycles assumed.
      last: CacheGeometry(sets: 1024, ways: 16, latency: 125),
      // Assumed: 110 ns at 3.4 GHz.
      memory: 375)
    return model
  }

  /// A core with 16 KiB pages like Apple's Firestorm (M1). Apple publishes none of these numbers.
  public static var apple16K: TLBModel {
    var model = TLBModel(
      // AnandTech (A14/M1, 2020) and D. Johnson's measurements: 192 and 160 entries, 3072 behind
      // them. Ways and the sizes beside 16K and 32M assumed; 12 ways make a power of two of sets.
      instruction: TLBLevelGeometry(
        TLBGeometry(sets: 32, ways: 6, sizes: appleSizes, replacement: .treePseudoLRU)),
      data: TLBLevelGeometry(
        TLBGeometry(sets: 32, ways: 5, sizes: appleSizes, replacement: .treePseudoLRU)),
      second: TLBLevelGeometry(
        TLBGeometry(sets: 256, ways: 12, sizes: appleSizes, replacement: .treePseudoLRU)),
      walkCaches: armWalkCaches,  // Assumed.
      secondLatency: 7,  // Assumed.
      timings: MemoryTimings(
        // AnandTech: 128 KiB, 8 ways (assumed), 3 cycles; lines of 64 bytes (128 behind it).
        first: CacheGeometry(sets: 256, ways: 8, latency: 3),
        // AnandTech: 12 MiB for four cores, 18 cycles; a share of 3 MiB, 12 ways assumed.
        second: CacheGeometry(sets: 4096, ways: 12, latency: 18),
        // AnandTech: 16 MiB of system cache; a share of 2 MiB, 16 ways, 100 cycles assumed.
        last: CacheGeometry(sets: 2048, ways: 16, latency: 100),
        // AnandTech: 97 ns at 3.2 GHz.
        memory: 310))
    model.forgetsRanges = true  // Armv8.5, as LLVM lists the core (apple-a14).
    return model
  }

  private static var appleSizes: EntrySizes { [.size4K, .size16K, .size2M, .size32M] }

  /// Cortex-A76 TRM A5.2.3: the sizes that the L2 TLB stores.
  private static func armSecondLevel(sets: Int, ways: Int) -> TLBLevelGeometry {
    TLBLevelGeometry(
      TLBGeometry(
        sets: sets, ways: ways,
        sizes: [.size4K, .size16K, .size64K, .size2M, .size32M, .size512M, .size1G],
        replacement: .treePseudoLRU))
  }

  private static var armWalkCaches: WalkCacheGeometry {
    WalkCacheGeometry(
      pmd: .fullyAssociative(64, []), pud: .fullyAssociative(16, []),
      p4d: .fullyAssociative(4, []))
  }
}
