public import MemoryTypes
internal import PhysicalMemory

/// `/proc/buddyinfo`.
extension Kernel {
  /// Writes the free blocks of each order, a line per zone, in the kernel's format.
  ///
  /// Linux: `frag_show_print()`, mm/vmstat.c.
  public func writeBuddyInfo(to sink: inout some TextSink) {
    sink.write("Node 0, zone ")
    sink.write("  Normal ")
    var order = Order.zero
    while order <= pages.pointee.maximumOrder {
      sink.write(decimal: UInt64(pages.pointee.freeBlockCount(of: order)), width: 6)
      sink.write(" ")
      order = order.next
    }
    sink.write("\n")
  }
}
