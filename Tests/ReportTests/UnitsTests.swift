import MemoryTypes
import Report
import Testing

@Suite("Units")
struct UnitsTests {
  @Test("sizes in kB are rounded down, as /proc does")
  func kilobytes() {
    #expect(Units.kilobytes(ByteCount(0)) == "0 kB")
    #expect(Units.kilobytes(ByteCount(2047)) == "1 kB")
    #expect(Units.kilobytes(ByteCount(.max)) == "18014398509481983 kB")
  }

  @Test("an option's spelling takes the largest unit that divides the size")
  func option() {
    #expect(Units.option(ByteCount(0)) == "0")
    #expect(Units.option(ByteCount(4096)) == "4K")
    #expect(Units.option(ByteCount(1_500_000)) == "1500000")
    #expect(Units.option(ByteCount(1 << 60)) == "1E")
  }

  @Test("a short size keeps one decimal, cut and not rounded")
  func short() {
    #expect(Units.short(ByteCount(1023)) == "1023")
    #expect(Units.short(ByteCount(1536)) == "1.5K")
    #expect(Units.short(ByteCount((128 << 40) - 4096)) == "127.9T")
    #expect(Units.short(ByteCount(.max)) == "15.9E")
  }

  @Test("counts are grouped by three digits")
  func count() {
    #expect(Units.count(0) == "0")
    #expect(Units.count(999) == "999")
    #expect(Units.count(1_234_567) == "1,234,567")
    #expect(Units.count(-1000) == "-1,000")
    #expect(Units.count(Int64.min) == "-9,223,372,036,854,775,808")
  }

  @Test("addresses are hexadecimal with 0x")
  func address() {
    #expect(Units.address(VirtualAddress(0)) == "0x0")
    #expect(Units.address(VirtualAddress(0x7fff_f7ff_f000)) == "0x7ffff7fff000")
  }
}
