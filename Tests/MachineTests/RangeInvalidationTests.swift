import Machine
import MemoryTypes
import TestSupport
import Testing

@Suite("Invalidation by range")
struct RangeInvalidationTests {
  /// What an operand says, read as Arm ARM C5.5 draws it: the first page, and how many.
  private func decoded(_ operand: UInt64) -> (page: UInt64, count: UInt64, granule: UInt64) {
    let number = operand >> 39 & 31
    let scale = operand >> 44 & 3
    return (operand & (1 << 37 - 1), (number + 1) << (5 * scale + 1), operand >> 46 & 3)
  }

  @Test(
    "at most five instructions name each page of a range once",
    arguments: [PageSize.size4K, .size16K, .size64K])
  func coversAll(_ pageSize: PageSize) {
    withSeed { random in
      let granule: UInt64 = pageSize == .size4K ? 1 : pageSize == .size16K ? 2 : 3
      for _ in 0..<2000 {
        let bits = UInt32(random.next(in: 1..<22))
        let pages = UInt(1 + random.next(below: 1 << bits) % (1 << 21))
        let first = UInt64(random.next(below: 1 << 30))
        let range = VirtualRange(
          VirtualAddress(UInt(first) << UInt(pageSize.shift)),
          count: pageSize.bytes(in: PageCount(pages)))
        var orders = RangeInvalidation(range, asid: ASID(0xBEEF), pageSize: pageSize)
        var next = first
        var count = 0
        while let order = orders.next() {
          let operand = orders.operand(of: order)
          #expect(operand >> 48 == 0xBEEF)
          count += 1
          guard case .pages = order else {
            #expect(operand & (1 << 44 - 1) == (next << UInt64(pageSize.shift)) >> 12)
            next += 1
            continue
          }
          let named = decoded(operand)
          #expect(named.page == next)
          #expect(named.granule == granule)
          next += named.count
        }
        #expect(next == first + UInt64(pages))
        #expect(count <= 5)
      }
    }
  }
}
