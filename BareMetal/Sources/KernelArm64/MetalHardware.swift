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

  /// ID_AA64ISAR0_EL1.TLB, 2: FEAT_TLBIRANGE.
  func invalidate(_ range: VirtualRange, asid: ASID) {
    let pages = range.count.rawValue >> 12
    guard read_id_aa64isar0_el1() >> 56 & 15 >= 2 else {
      return invalidateByPage(range, asid: asid, limit: 511)
    }
    guard pages <= RangeInvalidation.pageLimit else { return invalidate(asid: asid) }
    var orders = RangeInvalidation(range, asid: asid, pageSize: .size4K)
    while let order = orders.next() {
      let operand = orders.operand(of: order)
      if case .page = order { invalidate_address(operand) } else { invalidate_range(operand) }
    }
  }

  func invalidate(asid: ASID) { invalidate_asid(UInt64(asid.rawValue) << 48) }

  func invalidateAll() { invalidate_all() }

  func pause() { pause_processor() }
}
