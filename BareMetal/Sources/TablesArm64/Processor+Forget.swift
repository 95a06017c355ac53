import CArm64
import Machine
import MemoryTypes

extension Processor {
  func forget() { invalidate_all() }

  func forget(_ page: VirtualAddress, _ asid: ASID) {
    invalidate_address(UInt64(page.rawValue) >> 12 & (1 << 44 - 1) | UInt64(asid.rawValue) << 48)
  }

  func forget(_ range: VirtualRange, _ asid: ASID) {
    var orders = RangeInvalidation(range, asid: asid, pageSize: geometry.pageSize)
    while let order = orders.next() {
      let operand = orders.operand(of: order)
      if case .page = order { invalidate_address(operand) } else { invalidate_range(operand) }
    }
  }

  func forget(_ asid: ASID) { invalidate_asid(UInt64(asid.rawValue) << 48) }
}
