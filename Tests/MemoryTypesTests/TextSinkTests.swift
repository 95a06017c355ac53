import MemoryTypes
import TestSupport
import Testing

@Suite("TextSink")
struct TextSinkTests {
  private func text(_ write: (inout TextCollector) -> Void) -> String {
    var sink = TextCollector()
    write(&sink)
    return sink.text
  }

  @Test(
    "decimal numbers are those of the library", arguments: [0, 1, 9, 10, 99, 100, .max] as [UInt64])
  func decimal(value: UInt64) {
    #expect(text { $0.write(decimal: value) } == String(value))
  }

  @Test(
    "hexadecimal numbers are those of the library", arguments: [0, 15, 16, 255, .max] as [UInt64])
  func hexadecimal(value: UInt64) {
    #expect(text { $0.write(hexadecimal: value) } == String(value, radix: 16))
  }

  @Test("every power of ten and its neighbour has all its digits")
  func powers() {
    var power: UInt64 = 1
    for digits in 1...19 {
      #expect(text { $0.write(decimal: power) }.count == digits)
      #expect(text { $0.write(decimal: power &* 10 &- 1) } == String(power &* 10 &- 1))
      power &*= 10
    }
  }

  @Test("widths pad and never cut")
  func widths() {
    #expect(text { $0.write(decimal: 42, width: 5) } == "   42")
    #expect(text { $0.write(decimal: 42, width: 1) } == "42")
    #expect(text { $0.write(decimal: 42, width: -3) } == "42")
    #expect(text { $0.write(decimal: 42, digits: 5) } == "00042")
    #expect(text { $0.write(decimal: 42, leftAlignedTo: 5) } == "42   ")
    #expect(text { $0.write(hexadecimal: 0xBEEF, digits: 8) } == "0000beef")
    #expect(text { $0.write("abc", width: 5) } == "abc  ")
    #expect(text { $0.write("abc", width: 2) } == "abc")
  }

  @Test("signed numbers have a sign where they are negative")
  func signed() {
    #expect(text { $0.write(signedDecimal: -1) } == "-1")
    #expect(text { $0.write(signedDecimal: .min) } == String(Int64.min))
    #expect(text { $0.write(signedDecimal: 7) } == "7")
  }

  @Test("a static string is written byte for byte, whatever its length")
  func strings() {
    #expect(text { $0.write("") } == "")
    #expect(text { $0.write("x") } == "x")
    #expect(text { $0.write("größer als fünfzehn Bytes") } == "größer als fünfzehn Bytes")
  }
}
