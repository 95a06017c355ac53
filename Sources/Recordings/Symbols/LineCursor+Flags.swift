extension LineCursor {
  /// A number, a symbol, or several joined by `|`; also `21<<MAP_HUGE_SHIFT`.
  ///
  /// Comments of strace behind a term (`0x80 /* PROT_??? */`) are stepped over. Nil for a symbol
  /// that is not in the table and for a number with no room in 64 bits.
  mutating func value(_ symbols: SymbolTable) -> UInt64? {
    var sum: UInt64 = 0
    repeat {
      guard var term = term(symbols) else { return nil }
      if skip("<<") {
        guard let shift = self.term(symbols), shift < 64 else { return nil }
        term = term << shift
      }
      sum |= term
      skipComment()
    } while skip("|")
    return sum
  }

  private mutating func term(_ symbols: SymbolTable) -> UInt64? {
    let byte = peek
    if byte >= 0x30 && byte <= 0x39 || byte == 0x2d { return number() }
    let word = word()
    return word.isEmpty ? nil : symbols.value(of: word, in: self)
  }

  /// Steps over ` /* … */` if it is next.
  mutating func skipComment() {
    guard matches(" /* ", from: position) else { return }
    var offset = position + 4
    while offset < end, !matches("*/", from: offset) { offset += 1 }
    if offset < end { position = offset + 2 }
  }
}
