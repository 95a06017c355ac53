import CArm64
import Machine
import MemoryTypes

extension Processor {
  func forget() { invalidate_all() }

  /// One instruction would do, whatever the page size. QEMU 7.2 then forgets the translation, but
  /// not what it made of instructions in the page's later 4 KiB, and goes on executing that.
  func forget(_ page: VirtualAddress, _ asid: ASID) {
    var part = UInt64(page.rawValue) >> 12 & (1 << 44 - 1) | UInt64(asid.rawValue) << 48
    for _ in 0..<(geometry.pageSize.bytes.rawValue >> 12) {
      invalidate_address(part)
      part += 1
    }
  }

  func forget(_ range: VirtualRange, _ asid: ASID) {
    var orders = RangeInvalidation(range, asid: asid, pageSize: geometry.pageSize)
    while let order = orders.next() {
      switch order {
      case .page(let address): forget(address, asid)
      case .pages: invalidate_range(orders.operand(of: order))
      }
    }
  }

  func forget(_ asid: ASID) { invalidate_asid(UInt64(asid.rawValue) << 48) }
}
