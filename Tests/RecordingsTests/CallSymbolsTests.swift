import Testing

@testable import Recordings

/// The table of names against the names themselves.
struct CallSymbolsTests {
  @Test("the table has each call once, under its name")
  func complete() {
    let pairs = CallSymbols.pairs
    #expect(pairs.count == CallName.allCases.count)
    for name in CallName.allCases {
      let texts = pairs.filter { $0.1 == UInt64(name.rawValue) }.map { "\($0.0)" }
      #expect(texts == [name.text])
    }
  }
}
