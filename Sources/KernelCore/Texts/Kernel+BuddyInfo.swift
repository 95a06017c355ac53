public import MemoryTypes
internal import PhysicalMemory

/// `/proc/buddyinfo`.
extension Kernel {
  /// Writes the free blocks of each order, a line per zone, in the kernel's format.
  ///
  /// Linux: `frag_show_print()`, mm/vmstat.c.
  public func writeBuddyInfo(to sink: inout some TextSink) {
    for zone in pages.pointee.zones where zone.pointee.presentPages > .zero {
      sink.write("Node ")
      sink.write(decimal: UInt64(zone.pointee.node))
      sink.write(", zone ")
      sink.write(zone.pointee.kind.name, rightAlignedTo: 8)
      sink.write(" ")
      for order in 0...pages.pointee.maximumOrder.rawValue {
        sink.write(decimal: UInt64(zone.pointee.freeBlockCount(of: Order(order))), width: 6)
        sink.write(" ")
      }
      sink.write("\n")
    }
  }
}
