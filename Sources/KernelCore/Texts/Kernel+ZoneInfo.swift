public import MemoryTypes
internal import PhysicalMemory

/// `/proc/zoneinfo`.
extension Kernel {
  /// Writes each zone's frames, marks, reserves and per-CPU lists, in the kernel's format.
  ///
  /// Of the counters the kernel has those of free frames are there: nothing counts the others yet.
  /// Linux: `zoneinfo_show_print()`, mm/vmstat.c.
  public func writeZoneInfo(to sink: inout some TextSink) {
    for zone in pages.pointee.zones {
      sink.write("Node ")
      sink.write(decimal: UInt64(zone.pointee.node))
      sink.write(", zone ")
      sink.write(zone.pointee.kind.name, rightAlignedTo: 8)
      sink.write("\n  pages free     ")
      sink.write(decimal: UInt64(zone.pointee.countedFreePages.rawValue))
      sink.write("\n")
      writeSizes(of: zone, to: &sink)
      writeProtection(of: zone, to: &sink)
      guard zone.pointee.presentPages > .zero else { continue }
      writeLists(of: zone, to: &sink)
    }
  }

  private func writeSizes(of zone: Ref<Zone>, to sink: inout some TextSink) {
    let marks = zone.pointee.watermarks
    let boost = zone.pointee.watermarkBoost
    func write(_ name: StaticString, _ count: PageCount) {
      sink.writeCount(name, count.rawValue, indent: 8, width: 8)
    }
    write("boost", boost)
    write("min", marks.min + boost)
    write("low", marks.low + boost)
    write("high", marks.high + boost)
    write("promo", marks.promo + boost)
    write("spanned", zone.pointee.spannedPages)
    write("present", zone.pointee.presentPages)
    write("managed", zone.pointee.managedPages)
    write("cma", zone.pointee.cmaPages)
  }

  private func writeProtection(of zone: Ref<Zone>, to sink: inout some TextSink) {
    sink.write("        protection: (")
    var separator: StaticString = ""
    for kind in Zone.Kind.allCases where pages.pointee.options.layout.kinds.contains(kind) {
      sink.write(separator, width: 0)
      sink.write(decimal: UInt64(zone.pointee.reserve[kind].rawValue))
      separator = ", "
    }
    sink.write(")\n")
  }

  private func writeLists(of zone: Ref<Zone>, to sink: inout some TextSink) {
    sink.writeCount(
      "nr_free_pages", zone.pointee.countedFreePages.rawValue, indent: 6, width: 12)
    sink.writeCount(
      "nr_free_cma", zone.pointee.countedFreeCMAPages.rawValue, indent: 6, width: 12)
    sink.write("  pagesets\n")
    for processor in 0..<pages.pointee.options.processors {
      sink.write("    cpu: ")
      sink.write(decimal: UInt64(processor))
      sink.write("\n              count: ")
      sink.write(decimal: UInt64(zone.pointee.perCPUCount(of: processor)))
      sink.write("\n              high:  ")
      sink.write(decimal: UInt64(zone.pointee.tuning(of: processor).high))
      sink.write("\n              batch: ")
      sink.write(decimal: UInt64(zone.pointee.perCPUMarks.batch.rawValue))
      sink.write("\n  vm stats threshold: ")
      sink.write(decimal: UInt64(zone.pointee.lagThreshold))
      sink.write("\n")
    }
    sink.write("  node_unreclaimable:  0\n  start_pfn:           ")
    sink.write(decimal: UInt64(zone.pointee.range.start.rawValue))
    sink.write("\n")
  }
}
