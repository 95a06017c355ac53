internal import AddressSpaces
internal import Machine
public import MemoryTypes
internal import PhysicalMemory

/// `/proc/vmstat`.
///
/// The names stand in the order of 6.12. What the model has none of is 0; what it has and does not
/// count is left out: see Docs/differences.md.
extension Kernel {
  /// Writes what frames are used for now and what has happened to them since boot, a name and a
  /// number per line. O(blocks in use + reserved frames).
  ///
  /// Linux: `vmstat_show()`, `vmstat_text`, mm/vmstat.c.
  public func writeVMStat(to sink: inout some TextSink) {
    let use = FrameUse(of: self)
    writeZoneCounters(to: &sink)
    writeNodeCounters(use, to: &sink)
    writeMachineCounters(to: &sink)
    writeZoneEvents(to: &sink)
    writeReclaimEvents(to: &sink)
    writeCompactionEvents(to: &sink)
    sink.writeNone(
      """
      htlb_buddy_alloc_success htlb_buddy_alloc_fail cma_alloc_success cma_alloc_fail \
      unevictable_pgs_scanned unevictable_pgs_rescued \
      thp_fault_alloc thp_fault_fallback thp_fault_fallback_charge thp_collapse_alloc \
      thp_collapse_alloc_failed thp_file_alloc thp_file_fallback thp_file_fallback_charge \
      thp_file_mapped thp_split_page thp_split_page_failed thp_deferred_split_page \
      thp_underused_split_page thp_split_pmd thp_scan_exceed_none_pte thp_scan_exceed_swap_pte \
      thp_scan_exceed_share_pte thp_zero_page_alloc thp_zero_page_alloc_failed thp_swpout \
      thp_swpout_fallback swap_ra swap_ra_hit swpin_zero swpout_zero ksm_swpin_copy cow_ksm \
      nr_unstable
      """)
  }

  /// Linux: `enum zone_stat_item`.
  private func writeZoneCounters(to sink: inout some TextSink) {
    let zones = pages.pointee.zones
    func sum(_ count: (Ref<Zone>) -> PageCount) -> PageCount {
      var sum = PageCount.zero
      for zone in zones { sum += count(zone) }
      return sum
    }
    sink.write("nr_free_pages", sum { $0.pointee.countedFreePages })
    sink.writeNone(
      """
      nr_zone_inactive_anon nr_zone_active_anon nr_zone_inactive_file nr_zone_active_file \
      nr_zone_unevictable
      """)
    sink.write(
      "nr_zone_write_pending",
      sum { $0.pointee.pageCount(.dirty) + $0.pointee.pageCount(.underWriteback) })
    sink.writeNone("nr_bounce nr_zspages")
    sink.write("nr_free_cma", sum { $0.pointee.countedFreeCMAPages })
  }

  /// Linux: `enum node_stat_item`.
  private func writeNodeCounters(_ use: FrameUse, to sink: inout some TextSink) {
    sink.writeNone(
      "nr_inactive_anon nr_active_anon nr_inactive_file nr_active_file nr_unevictable")
    sink.write("nr_slab_reclaimable", use.reclaimableSlabs)
    sink.write("nr_slab_unreclaimable", use.slabs - use.reclaimableSlabs)
    sink.writeNone(
      """
      nr_isolated_anon nr_isolated_file workingset_nodes workingset_refault_anon \
      workingset_refault_file workingset_activate_anon workingset_activate_file \
      workingset_restore_anon workingset_restore_file workingset_nodereclaim
      """)
    sink.write("nr_anon_pages", use.mappedAnonymous)
    sink.write("nr_mapped", use.mappedFile)
    sink.write("nr_file_pages", use.file)
    sink.write("nr_dirty", use.dirty)
    sink.writeNone("nr_writeback nr_writeback_temp")
    sink.write("nr_shmem", use.shared)
    sink.writeNone(
      """
      nr_shmem_hugepages nr_shmem_pmdmapped nr_file_hugepages nr_file_pmdmapped \
      nr_anon_transparent_hugepages nr_vmscan_write nr_vmscan_immediate_reclaim \
      nr_throttled_written nr_kernel_misc_reclaimable nr_foll_pin_acquired nr_foll_pin_released \
      nr_kernel_stack
      """)
    sink.write("nr_page_table_pages", use.tables)
    sink.writeNone(
      "nr_sec_page_table_pages nr_swapcached pgdemote_kswapd pgdemote_direct pgdemote_khugepaged")
  }

  /// Linux: `enum writeback_stat_item`, `enum vm_stat_item`.
  private func writeMachineCounters(to sink: inout some TextSink) {
    let limits = pages.pointee.dirtyLimits
    sink.write("nr_dirty_threshold", limits.threshold)
    sink.write("nr_dirty_background_threshold", limits.background)
    sink.writeNone("nr_memmap_pages")
    sink.write("nr_memmap_boot_pages", pages.pointee.descriptorPages)
  }
}

extension TextSink {
  mutating func write(_ name: StaticString, _ count: PageCount) {
    write(name, UInt64(count.rawValue))
  }

  /// Writes a name, a space and a number.
  mutating func write(_ name: StaticString, _ value: UInt64) {
    write(name)
    write(" ")
    write(decimal: value)
    write("\n")
  }

  /// Writes a line with 0 for each of the names, which blanks part.
  mutating func writeNone(_ names: StaticString) {
    for offset in 0..<names.utf8CodeUnitCount {
      // SAFETY: a static string's bytes are constant data of `utf8CodeUnitCount` bytes.
      let byte = unsafe names.utf8Start[offset]
      if byte == UInt8(ascii: " ") { write(" 0\n") } else { write(byte) }
    }
    write(" 0\n")
  }
}
