import MemoryTypes
import Testing

@Suite("Addresses, counts and sizes")
struct NumberTests {
  @Test("the order that holds a count is the least whose block is as large")
  func orders() {
    let pages = [0, 1, 2, 3, 4, 5, 8, 9, 1024, 1025].map { Order.holding(PageCount($0)).rawValue }
    #expect(pages == [0, 0, 1, 2, 2, 3, 3, 4, 10, 11])
    #expect(Order(10).pageCount == PageCount(1024))
  }

  @Test("rounding keeps what is aligned", arguments: [PageSize.size4K, .size16K, .size64K])
  func rounding(pageSize: PageSize) {
    let page = pageSize.bytes.rawValue
    let aligned = VirtualAddress(7 * page)
    #expect(pageSize.roundUp(aligned) == aligned && pageSize.roundDown(aligned) == aligned)
    #expect(pageSize.roundUp(aligned + ByteCount(1)) == VirtualAddress(8 * page))
    #expect(pageSize.roundDown(aligned + ByteCount(page - 1)) == aligned)
    #expect(pageSize.isAligned(aligned) && !pageSize.isAligned(aligned + ByteCount(1)))
  }

  @Test("rounding up wraps to 0 in the last page of the word")
  func wrap() {
    #expect(PageSize.size4K.roundUp(VirtualAddress(.max)) == VirtualAddress(0))
    #expect(PageSize.size4K.roundUp(ByteCount(.max)) == ByteCount(0))
    #expect(PageSize.size4K.pages(in: ByteCount(.max)) == PageCount(UInt.max >> 12 + 1))
  }

  @Test("frames and addresses convert both ways")
  func frames() {
    let frame = PageFrameNumber(0x12345)
    #expect(PageSize.size16K.address(of: frame) == PhysicalAddress(0x48D1_4000))
    #expect(PageSize.size16K.frame(of: PhysicalAddress(0x48D1_7FFF)) == frame)
  }

  @Test("a range contains its start, not its end, and overlaps no neighbour")
  func ranges() {
    let range = VirtualRange(VirtualAddress(100), count: ByteCount(50))
    #expect(range.contains(VirtualAddress(100)) && !range.contains(VirtualAddress(150)))
    #expect(!range.overlaps(VirtualRange(VirtualAddress(150), VirtualAddress(160))))
    #expect(range.overlaps(VirtualRange(VirtualAddress(149), VirtualAddress(160))))
    #expect(VirtualRange(VirtualAddress(5), VirtualAddress(5)).isEmpty)
  }

  @Test("error numbers have the names of errno.h")
  func errors() {
    #expect("\(Errno.ENOMEM.name!)" == "ENOMEM" && Errno.ENOMEM.rawValue == 12)
    #expect(Errno(9999).name == nil)
  }
}
