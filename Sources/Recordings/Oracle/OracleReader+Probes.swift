internal import MemoryTypes

extension OracleReader {
  /// The arguments and the answer of a probe; the line stands behind its `(`.
  func probeBody(_ probe: Step, _ line: inout LineCursor) throws(BadInput) -> OracleProbe {
    switch probe {
    case .read: return try readProbe(&line)
    case .write: return try writeProbe(&line)
    case .faults: return try faultsProbe(&line)
    case .mincore: return try mincoreProbe(&line)
    case .pagemap: return try pagemapProbe(&line)
    case .vmflags: return try flagsProbe(&line)
    case .status: return try statusProbe(&line)
    case .fork, .exit: throw lines.bad("a probe", at: line)
    }
  }

  private func readProbe(_ line: inout LineCursor) throws(BadInput) -> OracleProbe {
    let address = try number("an address", &line)
    try expect(") = ", &line)
    if let outcome = signal(&line) {
      return .access(.read, address: address, value: nil, outcome: outcome)
    }
    return try .access(.read, address: address, value: byte(&line), outcome: .done)
  }

  private func writeProbe(_ line: inout LineCursor) throws(BadInput) -> OracleProbe {
    let address = try number("an address", &line)
    try expect(", ", &line)
    let value = try byte(&line)
    try expect(") = ", &line)
    guard let outcome = line.skip("ok") ? .done : signal(&line) else {
      throw lines.bad("'ok' or a signal", at: line)
    }
    return .access(.write, address: address, value: value, outcome: outcome)
  }

  private func signal(_ line: inout LineCursor) -> OracleProbe.AccessOutcome? {
    if line.skip("SIGSEGV MAPERR") { return .segvMapError }
    if line.skip("SIGSEGV ACCERR") { return .segvAccessError }
    if line.skip("SIGSEGV SI_KERNEL") { return .segvKernel }
    return line.skip("SIGBUS ADRERR") ? .busAddressError : nil
  }

  private func byte(_ line: inout LineCursor) throws(BadInput) -> UInt8 {
    let start = line
    guard let byte = UInt8(exactly: try number("a byte", &line)) else {
      throw lines.bad("a byte", at: start)
    }
    return byte
  }

  private func faultsProbe(_ line: inout LineCursor) throws(BadInput) -> OracleProbe {
    try expect(") = minflt +", &line)
    let minor = try number("a number of faults", &line)
    let major = line.skip(" majflt +") ? try number("a number of faults", &line) : 0
    return .faults(minor: minor, major: major)
  }

  private func mincoreProbe(_ line: inout LineCursor) throws(BadInput) -> OracleProbe {
    let (address, length) = try range(&line)
    if let error = error(&line) {
      return .mincore(address: address, length: length, bits: [], error: error)
    }
    try expect("[", &line)
    var bits: [Bool] = []
    while !line.skip("]") {
      guard line.peek == UInt8(ascii: "1") || line.peek == UInt8(ascii: "0") else {
        throw lines.bad("'1', '0' or ']'", at: line)
      }
      bits.append(line.peek == UInt8(ascii: "1"))
      line.position += 1
    }
    return .mincore(address: address, length: length, bits: bits, error: nil)
  }

  private func pagemapProbe(_ line: inout LineCursor) throws(BadInput) -> OracleProbe {
    let (address, length) = try range(&line)
    return try .pagemap(address: address, length: length, states: pageStates(&line))
  }

  /// `[P.S]`, a character for each page.
  func pageStates(_ line: inout LineCursor) throws(BadInput) -> [OracleProbe.PageState] {
    try expect("[", &line)
    var states: [OracleProbe.PageState] = []
    while !line.skip("]") {
      switch line.peek {
      case UInt8(ascii: "P"): states.append(.present)
      case UInt8(ascii: "S"): states.append(.swapped)
      case UInt8(ascii: "."): states.append(.absent)
      default: throw lines.bad("'P', 'S', '.' or ']'", at: line)
      }
      line.position += 1
    }
    return states
  }

  private func range(
    _ line: inout LineCursor
  ) throws(BadInput) -> (address: UInt64, length: UInt64) {
    let address = try number("an address", &line)
    try expect(", ", &line)
    let length = try number("a length", &line)
    try expect(") = ", &line)
    return (address, length)
  }

  private func flagsProbe(_ line: inout LineCursor) throws(BadInput) -> OracleProbe {
    let address = try number("an address", &line)
    try expect(") =", &line)
    var flags: [String] = []
    while line.skip(" ") {
      let word = line.word()
      guard !word.isEmpty || line.isAtEnd else { throw lines.bad("a flag of smaps", at: line) }
      if !word.isEmpty { flags.append(line.string(word)) }
    }
    return .vmFlags(address: address, flags: flags)
  }

  private func statusProbe(_ line: inout LineCursor) throws(BadInput) -> OracleProbe {
    try expect(") =", &line)
    var sizes: [String: UInt64] = [:]
    while line.skip(" ") {
      let name = line.string(line.word())
      try expect(" ", &line)
      sizes[name] = try number("a size in kB", &line)
    }
    return .status(sizes)
  }
}
