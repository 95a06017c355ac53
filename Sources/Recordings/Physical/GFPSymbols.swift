/// The names that `%pGg` and `show_gfp_flags` print, of Linux 4.x to 6.18.
enum GFPSymbols {
  static let table = SymbolTable(
    composed.map { ($0.0, UInt64($0.1.rawValue)) } + single.map { ($0.0, UInt64($0.1.rawValue)) })

  private static let composed: [(StaticString, GFPFlags)] = [
    ("GFP_TRANSHUGE", [.lightHuge, .directReclaim]),
    ("GFP_TRANSHUGE_LIGHT", .lightHuge),
    ("GFP_HIGHUSER_MOVABLE", [.highUser, .movable]),
    ("GFP_HIGHUSER", .highUser),
    ("GFP_USER", .user),
    ("GFP_KERNEL_ACCOUNT", [.kernel, .accounted]),
    ("GFP_KERNEL", .kernel),
    ("GFP_NOFS", [.reclaim, .mayStartIO]),
    ("GFP_ATOMIC", [.high, .wakesReclaim]),
    ("GFP_NOIO", .reclaim),
    // Since 6.6 with `__GFP_NOWARN`; what it means for a frame is the same.
    ("GFP_NOWAIT", [.wakesReclaim, .noWarning]),
    ("GFP_DMA", .dma),
    ("GFP_DMA32", .dma32),
    ("GFP_TEMPORARY", [.kernel, .reclaimable]),
    ("__GFP_RECLAIM", .reclaim),
  ]

  private static let single: [(StaticString, GFPFlags)] = [
    ("__GFP_DMA", .dma), ("__GFP_HIGHMEM", .highMemory), ("__GFP_DMA32", .dma32),
    ("__GFP_MOVABLE", .movable), ("__GFP_RECLAIMABLE", .reclaimable), ("__GFP_HIGH", .high),
    // Before 6.4 the same reserve, asked for by who cannot sleep.
    ("__GFP_ATOMIC", .high),
    ("__GFP_IO", .mayStartIO), ("__GFP_FS", .mayUseFileSystems), ("__GFP_ZERO", .zeroed),
    ("__GFP_DIRECT_RECLAIM", .directReclaim), ("__GFP_KSWAPD_RECLAIM", .wakesReclaim),
    ("__GFP_WRITE", .willWrite), ("__GFP_NOWARN", .noWarning),
    ("__GFP_RETRY_MAYFAIL", .retryMayFail), ("__GFP_REPEAT", .retryMayFail),
    ("__GFP_NOFAIL", .noFail), ("__GFP_NORETRY", .noRetry), ("__GFP_MEMALLOC", .useReserves),
    ("__GFP_COMP", .compound), ("__GFP_NOMEMALLOC", .noReserves), ("__GFP_HARDWALL", .hardwall),
    ("__GFP_THISNODE", .thisNode), ("__GFP_ACCOUNT", .accounted),
    ("__GFP_ZEROTAGS", .zeroedTags), ("__GFP_SKIP_ZERO", .debugging),
    ("__GFP_SKIP_KASAN", .debugging), ("__GFP_SKIP_KASAN_POISON", .debugging),
    ("__GFP_SKIP_KASAN_UNPOISON", .debugging), ("__GFP_NOLOCKDEP", .debugging),
    ("__GFP_NO_OBJ_EXT", .debugging), ("none", []),
  ]
}
