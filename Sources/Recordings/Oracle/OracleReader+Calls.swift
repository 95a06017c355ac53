internal import MemoryTypes

extension OracleReader {
  /// The arguments and the result of a call; the line stands behind its `(`.
  func callBody(_ name: CallName, _ line: inout LineCursor) throws(BadInput) -> RecordedCall {
    guard let counts = Self.argumentCounts(of: name) else {
      throw lines.bad("a call of an oracle log, not \(name.text)", at: line)
    }
    var call = RecordedCall(name, .init(), result: 0)
    var count = 0
    if !line.skip(")") {
      repeat {
        guard count < counts.upperBound else { throw lines.bad("')'", at: line) }
        let value =
          Self.descriptorIndex(of: name) == count
          ? try descriptor(&line, of: &call) : try argument(&line)
        call.arguments[count] = value
        count += 1
      } while line.skip(", ")
      try expect(")", &line)
    }
    guard counts.contains(count) else {
      throw lines.bad("a call with \(counts.lowerBound) arguments, not \(count), before", at: line)
    }
    try expect(" = ", &line)
    call.result = try result(&line)
    return call
  }

  private static func argumentCounts(of name: CallName) -> ClosedRange<Int>? {
    switch name {
    case .munlockall: 0...0
    case .brk, .mlockall: 1...1
    case .munmap, .mlock, .munlock, .ftruncate: 2...2
    case .mprotect, .madvise, .msync, .mlock2, .mseal: 3...3
    case .mremap: 4...5
    case .remapFilePages: 5...5
    case .mmap: 6...6
    default: nil
    }
  }

  private static func descriptorIndex(of name: CallName) -> Int? {
    switch name {
    case .mmap: 4
    case .ftruncate: 0
    default: nil
    }
  }

  private func argument(_ line: inout LineCursor) throws(BadInput) -> UInt64 {
    let start = line
    guard let value = line.value(symbols) else {
      throw lines.bad("a number or a known flag", at: start)
    }
    return value
  }

  /// A descriptor by name, or a number: -1, or one that is not open.
  private func descriptor(
    _ line: inout LineCursor, of call: inout RecordedCall
  ) throws(BadInput) -> UInt64 {
    let start = line
    if let number = line.number() { return number }
    line = start
    let word = line.string(line.word())
    guard let known = descriptors.first(where: { $0.name == word }) else {
      throw lines.bad("a descriptor", at: start)
    }
    call.file = known.file
    call.fileAccess = known.access
    return known.number
  }

  /// An address, a number or `-ERRNO`.
  private func result(_ line: inout LineCursor) throws(BadInput) -> Int64 {
    let start = line
    if let error = error(&line) { return -Int64(error.rawValue) }
    guard let value = line.number() else { throw lines.bad("a result", at: start) }
    return Int64(bitPattern: value)
  }

  /// `-ERRNO` if that is next.
  func error(_ line: inout LineCursor) -> Errno? {
    var ahead = line
    guard ahead.skip("-"), let number = errors.value(of: ahead.word(), in: ahead) else {
      return nil
    }
    line = ahead
    return Errno(Int32(truncatingIfNeeded: number))
  }
}

extension RecordedCall.Arguments {
  /// The argument at `index`, 0 to 5; writing another is without effect.
  subscript(index: Int) -> UInt64 {
    get {
      switch index {
      case 0: a0
      case 1: a1
      case 2: a2
      case 3: a3
      case 4: a4
      case 5: a5
      default: 0
      }
    }
    set {
      switch index {
      case 0: a0 = newValue
      case 1: a1 = newValue
      case 2: a2 = newValue
      case 3: a3 = newValue
      case 4: a4 = newValue
      case 5: a5 = newValue
      default: break
      }
    }
  }
}
