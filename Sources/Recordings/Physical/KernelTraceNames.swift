/// The events that are read, by the names of their tracepoints.
enum KernelTraceName: UInt8 {
  case pageAlloc = 1
  case pageFree, pageFreeBatched, zoneLocked, drain, fallback
  case kmalloc, cacheAlloc, kfree, cacheFree
  case mark, beginCompaction, endCompaction, isolateFree, isolateUsed, migrate, isolateBlock
  case wakeReclaim, sleepReclaim, beginDirectReclaim, endDirectReclaim

  static let table = SymbolTable(
    names.map { ($0.0, UInt64($0.1.rawValue)) })

  private static let names: [(StaticString, KernelTraceName)] = [
    ("mm_page_alloc", .pageAlloc), ("mm_page_free", .pageFree),
    ("mm_page_free_direct", .pageFree), ("mm_page_free_batched", .pageFreeBatched),
    ("mm_page_alloc_zone_locked", .zoneLocked), ("mm_page_pcpu_drain", .drain),
    ("mm_page_alloc_extfrag", .fallback), ("kmalloc", .kmalloc), ("kmalloc_node", .kmalloc),
    ("kmem_cache_alloc", .cacheAlloc), ("kmem_cache_alloc_node", .cacheAlloc),
    ("kfree", .kfree), ("kmem_cache_free", .cacheFree),
    ("tracing_mark_write", .mark), ("print", .mark),
    ("mm_compaction_begin", .beginCompaction), ("mm_compaction_end", .endCompaction),
    ("mm_compaction_isolate_freepages", .isolateFree),
    ("mm_compaction_fast_isolate_freepages", .isolateFree),
    ("mm_compaction_isolate_migratepages", .isolateUsed),
    ("mm_compaction_migratepages", .migrate), ("mm_migrate_pages", .migrate),
    ("mm_migrate_pages_start", .migrate), ("test_pages_isolated", .isolateBlock),
    ("mm_alloc_contig_migrate_range_info", .isolateBlock),
    ("mm_vmscan_kswapd_wake", .wakeReclaim), ("mm_vmscan_kswapd_sleep", .sleepReclaim),
    ("mm_vmscan_direct_reclaim_begin", .beginDirectReclaim),
    ("mm_vmscan_direct_reclaim_end", .endDirectReclaim),
  ]
}
