import CI386
import Machine
import MemoryTypes
import MetalI386

/// One i386 processor with RAM in the direct map.
struct MetalHardware: Hardware {
  /// As much RAM as Linux maps directly with a 3:1 split, which is what the start code maps.
  var directMap: DirectMap {
    // SAFETY: `paging.c` maps these addresses, and nothing unmaps them.
    unsafe DirectMap(
      base: UnsafeMutableRawPointer(bitPattern: directMapStart).unsafelyUnwrapped,
      start: PhysicalAddress(0), count: ByteCount(896 << 20), pageSize: .size4K)
  }

  var processorIndex: Int { 0 }

  /// Forgets every translation as well: nothing tells those of two spaces apart here.
  func loadRoot(_ root: PageFrameNumber, asid: ASID) {
    write_cr3(UInt32(truncatingIfNeeded: directMap.pageSize.address(of: root).rawValue))
  }

  func publishTables() {}

  func invalidate(_ address: VirtualAddress, asid: ASID) {
    invalidate_address(UInt32(address.rawValue))
  }

  func invalidate(_ range: VirtualRange, asid: ASID) { invalidateByPage(range, asid: asid) }

  func invalidate(asid: ASID) { invalidateAll() }

  /// Nothing is global before there is a second space.
  func invalidateAll() { write_cr3(read_cr3()) }

  func pause() { pause_processor() }
}
