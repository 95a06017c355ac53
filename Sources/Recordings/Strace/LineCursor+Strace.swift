/// An argument of a call, as strace prints it.
struct StraceArgument {
  /// The number or the flags; 0 for what has none.
  var value: UInt64 = 0
  /// Whether the text was understood as a number or known flags.
  var isNumeric = true
  /// What stands between `<` and `>` behind a descriptor.
  var path: Range<Int>?
  var isDeleted = false
  /// What stands between quotes.
  var text: Range<Int>?
}

/// What stands behind `=` of a finished call.
struct StraceResult {
  /// Nil where strace prints `?`.
  var value: Int64?
  var path: Range<Int>?
  var isDeleted = false
}

extension LineCursor {
  /// The bytes from here to ` <unfinished ...>` at the end; nil when the line does not end so.
  var unfinishedLength: Int? {
    let mark = end - 16
    guard mark >= position, byte(at: end - 1) == 0x3e, matches("<unfinished ...>", from: mark)
    else { return attachedLength }
    return byte(at: mark - 1) == 0x20 && mark > position ? mark - 1 - position : mark - position
  }

  /// The same for a line that strace's own `strace: Process N attached` broke into.
  private var attachedLength: Int? {
    guard end - position > 8, matches("attached", from: end - 8) else { return nil }
    var offset = end - 9
    while offset > position, !matches("strace: Process ", from: offset) { offset -= 1 }
    return offset > position ? offset - position : nil
  }

  /// Whether ` = ` stands somewhere: the least that a call strace did not shorten has.
  var hasResult: Bool {
    // It stands near the end.
    var offset = end - 2
    while offset >= position {
      if byte(at: offset) == 0x3d, byte(at: offset + 1) == 0x20, byte(at: offset - 1) == 0x20 {
        return true
      }
      offset -= 1
    }
    return false
  }

  /// One argument, up to the `,` or `)` behind it; nil when the line ends in the middle of one.
  mutating func straceArgument(_ symbols: SymbolTable) -> StraceArgument? {
    switch peek {
    case 0: return nil
    case UInt8(ascii: "\""):
      guard let text = quoted() else { return nil }
      return StraceArgument(isNumeric: false, text: text)
    case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "~"):
      return skipNested() ? StraceArgument(isNumeric: false) : nil
    default: break
    }
    let start = self
    if let value = value(symbols) {
      var argument = StraceArgument(value: value)
      guard skipAnnotation(&argument.path, &argument.isDeleted) else { return nil }
      if isAtArgumentEnd { return argument }
    }
    self = start
    return skipNested() ? StraceArgument(isNumeric: false) : nil
  }

  private var isAtArgumentEnd: Bool {
    peek == UInt8(ascii: ",") || peek == UInt8(ascii: ")") || peek == UInt8(ascii: " ")
  }

  /// A C string with escapes and perhaps `...` behind it; its range is what stands in the quotes.
  private mutating func quoted() -> Range<Int>? {
    let start = position + 1
    var from = start
    var quote = offset(of: UInt8(ascii: "\""), from: start)
    while let found = quote {
      guard let escape = offset(of: UInt8(ascii: "\\"), from: from, to: found) else {
        position = found + 1
        _ = skip("...")
        return start..<found
      }
      from = escape + 2
      if from > found { quote = offset(of: UInt8(ascii: "\""), from: from) }
    }
    return nil
  }

  /// Steps to the `,` or `)` that ends this argument, over strings and brackets; false without one.
  private mutating func skipNested() -> Bool {
    var depth = 0
    while position < end {
      switch peek {
      case UInt8(ascii: "\""):
        guard quoted() != nil else { return false }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "("): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: ")"):
        if depth <= 0 { return true }
        depth -= 1
      case UInt8(ascii: ","):
        if depth <= 0 { return true }
      default: break
      }
      position += 1
    }
    return false
  }

  /// Steps over `</path>` or `</path>(deleted)` if it is next; false when it does not end.
  mutating func skipAnnotation(_ path: inout Range<Int>?, _ isDeleted: inout Bool) -> Bool {
    guard skip("<") else { return true }
    let start = position
    let isPath = peek == UInt8(ascii: "/")
    if isPath, let close = offset(of: UInt8(ascii: ">"), from: start),
      offset(of: UInt8(ascii: "<"), from: start, to: close) == nil
    {
      path = start..<close
      position = close + 1
      isDeleted = skip("(deleted)")
      return true
    }
    return skipNestedAnnotation(&path, &isDeleted, isPath: isPath)
  }

  /// The same where other annotations or arrows stand within.
  private mutating func skipNestedAnnotation(
    _ path: inout Range<Int>?, _ isDeleted: inout Bool, isPath: Bool
  ) -> Bool {
    let start = position
    var depth = 1
    var pathEnd: Int?
    while position < end {
      let byte = peek
      if byte == UInt8(ascii: "<") {
        pathEnd = pathEnd ?? position
        depth += 1
      } else if byte == UInt8(ascii: ">"), isPath || self.byte(at: position - 1) != 0x2d {
        // Addresses of sockets hold arrows.
        depth -= 1
        if depth == 0 { break }
      }
      position += 1
    }
    guard position < end else { return false }
    path = start..<(pathEnd ?? position)
    position += 1
    isDeleted = skip("(deleted)")
    return true
  }

  /// `) = RESULT`, with what strace adds to it.
  mutating func straceResult(_ errors: SymbolTable) -> StraceResult? {
    skipSpaces()
    guard skip(")") else { return nil }
    skipSpaces()
    guard skip("= ") else { return nil }
    var result = StraceResult()
    if skip("?") { return result }
    guard let value = number() else { return nil }
    if value == .max, skip(" ") {
      let word = word()
      if word.isEmpty, skip("(errno ") {
        guard let number = decimal(), number < 4096 else { return nil }
        result.value = -Int64(number)
        return result
      }
      guard let error = errors.value(of: word, in: self) else { return nil }
      result.value = -Int64(error)
      return result
    }
    result.value = Int64(bitPattern: value)
    guard skipAnnotation(&result.path, &result.isDeleted) else { return nil }
    guard isAtEnd || peek == UInt8(ascii: " ") else { return nil }
    return result
  }

  /// Whether `text` stands in the rest of the line, not as the beginning of a longer word.
  func contains(_ text: StaticString) -> Bool {
    // SAFETY: no literal asked for is empty.
    let first = unsafe text.utf8Start.pointee
    var offset = position
    while let place = self.offset(of: first, from: offset) {
      if matches(text, from: place), !Self.isWord(byte(at: place + text.utf8CodeUnitCount)) {
        return true
      }
      offset = place + 1
    }
    return false
  }

  /// The place behind the first `text` in the rest of the line.
  func place(after text: StaticString) -> LineCursor? {
    // SAFETY: no literal asked for is empty.
    let first = unsafe text.utf8Start.pointee
    var ahead = self
    while let place = offset(of: first, from: ahead.position) {
      ahead.position = place
      if ahead.skip(text) { return ahead }
      ahead.position += 1
    }
    return nil
  }

  /// The number behind the first `text` in the rest of the line.
  func number(after text: StaticString) -> UInt64? {
    guard var place = place(after: text) else { return nil }
    return place.number()
  }
}
