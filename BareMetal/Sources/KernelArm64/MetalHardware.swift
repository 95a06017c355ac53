import CArm64
import Machine
import MemoryTypes
import MetalArm64

/// One arm64 processor at EL1, with RAM in the direct map.
struct MetalHardware: Hardware {
  /// The first gigabyte of RAM, which is what the start code maps.
  var directMap: DirectMap {
    let start: UInt = 0x4000_0000
    // SAFETY: `translation.c` maps these addresses, and nothing unmaps them.
    return unsafe DirectMap(
      base: UnsafeMutableRawPointer(bitPattern: directMapStart + start).unsafelyUnwrapped,
      start: PhysicalAddress(UInt64(start)), count: ByteCount(1 << 30), pageSize: .size4K)
  }

  var processorIndex: Int { 0 }

  func loadRoot(_ root: PageFrameNumber, asid: ASID) {
    synchronize_tables()
    write_ttbr0_el1(directMap.pageSize.address(of: root).rawValue | UInt64(asid.rawValue) << 48)
    synchronize_context()
  }

  func publishTables() { synchronize_tables() }

  func invalidate(_ address: VirtualAddress, asid: ASID) {
    let page = UInt64(address.rawValue) >> 12 & (1 << 44 - 1)
    invalidate_address(page | UInt64(asid.rawValue) << 48)
  }

  func invalidate(asid: ASID) { invalidate_asid(UInt64(asid.rawValue) << 48) }

  func invalidateAll() { invalidate_all() }

  func pause() { pause_processor() }
}
