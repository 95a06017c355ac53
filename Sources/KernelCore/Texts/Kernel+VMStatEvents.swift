internal import MemoryTypes
internal import PhysicalMemory

/// The events of `/proc/vmstat`. Linux: `enum vm_event_item`.
extension Kernel {
  /// What came and went, by kind of zone.
  func writeZoneEvents(to sink: inout some TextSink) {
    sink.writeNone("pgpgin pgpgout pswpin pswpout")
    writeByKind("pgalloc_", to: &sink) { kind in
      var sum: UInt = 0
      for zone in pages.pointee.zones where zone.pointee.kind == kind {
        sum &+= zone.pointee.pagesAllocated
      }
      return sum
    }
    writeByKind("allocstall_", to: &sink) { pages.pointee.count(of: .stall($0)) }
    writeByKind("pgskip_", to: &sink) { _ in 0 }
    sink.write("pgfree", UInt64(pagesFreed))
  }

  /// Those that boot handed over are freed ones too. Linux: `__free_pages_core()`.
  private var pagesFreed: UInt {
    var sum = pages.pointee.managedPageCount.rawValue
    for zone in pages.pointee.zones { sum &+= zone.pointee.pagesFreed }
    return sum
  }

  /// What nobody does here yet is 0; a victim is killed by whoever gives relief.
  func writeReclaimEvents(to sink: inout some TextSink) {
    sink.writeNone(
      """
      pgactivate pgdeactivate pglazyfree pglazyfreed pgrefill pgsteal_kswapd pgsteal_direct \
      pgsteal_khugepaged pgscan_kswapd pgscan_direct pgscan_khugepaged pgscan_direct_throttle \
      pgscan_anon pgscan_file pgsteal_anon pgsteal_file
      """)
    if pages.pointee.nodes.count > 1 { sink.writeNone("zone_reclaim_success zone_reclaim_failed") }
    sink.writeNone(
      """
      pginodesteal slabs_scanned kswapd_inodesteal kswapd_low_wmark_hit_quickly \
      kswapd_high_wmark_hit_quickly pageoutrun pgrotated drop_pagecache drop_slab
      """)
    sink.write("oom_kill", UInt64(pages.pointee.count(of: .kill)))
  }

  func writeCompactionEvents(to sink: inout some TextSink) {
    sink.writeNone(
      """
      pgmigrate_success pgmigrate_fail thp_migration_success thp_migration_fail \
      thp_migration_split compact_migrate_scanned compact_free_scanned compact_isolated
      """)
    let stalls = pages.pointee.count(of: .compactionStall)
    sink.write("compact_stall", UInt64(stalls))
    sink.write("compact_fail", UInt64(pages.pointee.count(of: .compactionFailure)))
    sink.write("compact_success", UInt64(pages.pointee.count(of: .compactionSuccess)))
    sink.writeNone(
      "compact_daemon_wake compact_daemon_migrate_scanned compact_daemon_free_scanned")
  }

  private func writeByKind(
    _ prefix: StaticString, to sink: inout some TextSink, _ count: (Zone.Kind) -> UInt
  ) {
    for kind in Zone.Kind.allCases where pages.pointee.options.layout.kinds.contains(kind) {
      sink.write(prefix)
      sink.write(kind.eventSuffix, UInt64(count(kind)))
    }
  }
}

extension Zone.Kind {
  /// As names of events end. Linux: `TEXT_FOR_DMA` and its kin.
  fileprivate var eventSuffix: StaticString {
    switch self {
    case .dma: "dma"
    case .dma32: "dma32"
    case .normal: "normal"
    case .highMemory: "high"
    case .movable: "movable"
    }
  }
}
