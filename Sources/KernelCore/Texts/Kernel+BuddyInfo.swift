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
      let name = zone.pointee.kind.name
      sink.pad(8 - name.utf8CodeUnitCount, with: UInt8(ascii: " "))
      sink.write(name)
      sink.write(" ")
      var order = Order.zero
      while order <= pages.pointee.maximumOrder {
        sink.write(decimal: UInt64(zone.pointee.freeBlockCount(of: order)), width: 6)
        sink.write(" ")
        order = order.next
      }
      sink.write("\n")
    }
  }
}
