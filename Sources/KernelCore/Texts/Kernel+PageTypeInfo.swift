public import MemoryTypes
internal import PhysicalMemory

/// `/proc/pagetypeinfo`.
extension Kernel {
  /// Writes the free blocks of each order and migrate type, then the pageblocks of each type.
  ///
  /// O(pageblocks). Linux: `pagetypeinfo_show()`, mm/vmstat.c.
  public func writePageTypeInfo(to sink: inout some TextSink) {
    let order = pages.pointee.options.pageblockOrder
    sink.write("Page block order: ")
    sink.write(decimal: UInt64(order.rawValue))
    sink.write("\nPages per block:  ")
    sink.write(decimal: UInt64(order.pageCount.rawValue))
    sink.write("\n\nFree pages count per migrate type at order ")
    for order in 0...pages.pointee.maximumOrder.rawValue {
      sink.write(decimal: UInt64(order), width: 6)
      sink.write(" ")
    }
    sink.write("\n")
    for zone in pages.pointee.zones where zone.pointee.presentPages > .zero {
      for type in MigrateType.allCases { writeFreeBlocks(zone, type, to: &sink) }
    }
    writePageblocks(to: &sink)
  }

  private func writeFreeBlocks(
    _ zone: Ref<Zone>, _ type: MigrateType, to sink: inout some TextSink
  ) {
    sink.write("Node ")
    sink.write(decimal: UInt64(zone.pointee.node), width: 4)
    sink.write(", zone ")
    sink.write(zone.pointee.kind.name, rightAlignedTo: 8)
    sink.write(", type ")
    sink.write(type.name, rightAlignedTo: 12)
    sink.write(" ")
    for order in 0...pages.pointee.maximumOrder.rawValue {
      let count = zone.pointee.freeBlockCount(of: Order(order), type)
      // The kernel stops counting there, since it holds the lock.
      if count >= 100_000 {
        sink.write(">100000 ")
      } else {
        sink.write(decimal: UInt64(count), width: 6)
        sink.write(" ")
      }
    }
    sink.write("\n")
  }

  private func writePageblocks(to sink: inout some TextSink) {
    sink.write("\nNumber of blocks type ")
    for type in MigrateType.allCases {
      sink.write(type.name, rightAlignedTo: 12)
      sink.write(" ")
    }
    sink.write("\n")
    for zone in pages.pointee.zones where zone.pointee.presentPages > .zero {
      sink.write("Node ")
      sink.write(decimal: UInt64(zone.pointee.node))
      sink.write(", zone ")
      sink.write(zone.pointee.kind.name, rightAlignedTo: 8)
      sink.write(" ")
      for type in MigrateType.allCases {
        let count = pages.pointee.pageblockCount(of: type, in: zone)
        sink.write(decimal: UInt64(count), width: 12)
        sink.write(" ")
      }
      sink.write("\n")
    }
  }
}
