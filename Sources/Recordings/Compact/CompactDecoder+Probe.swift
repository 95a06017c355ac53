internal import MemoryTypes

extension CompactDecoder {
  mutating func takeProbe() throws(CompactDamage) -> OracleProbe {
    switch try takeCase(of: CompactProbeTag.self) {
    case .access: return try takeAccess()
    case .faults:
      let minor = try takeNumber()
      return .faults(minor: minor, major: try takeNumber())
    case .mincore: return try takeMincore()
    case .pagemap: return try takePagemap()
    case .vmFlags: return try takeVMFlags()
    case .status: return try takeStatus()
    }
  }

  private mutating func takeAccess() throws(CompactDamage) -> OracleProbe {
    let kind = try takeCase(of: AccessKind.self)
    let address = try takeNumber()
    let value = try takeOptional()
    guard (value ?? 0) <= 0xff else { throw CompactDamage(expected: "a byte") }
    return .access(
      kind, address: address, value: value.map { UInt8(truncatingIfNeeded: $0) },
      outcome: try takeCase(of: OracleProbe.AccessOutcome.self))
  }

  private mutating func takeMincore() throws(CompactDamage) -> OracleProbe {
    let address = try takeNumber()
    let length = try takeNumber()
    let count = try takeCount()
    let bits = takeBytes(count).map { $0 != 0 }
    let error = try takeOptional()
    return .mincore(
      address: address, length: length, bits: bits,
      error: error.map { Errno(Int32(truncatingIfNeeded: $0)) })
  }

  private mutating func takePagemap() throws(CompactDamage) -> OracleProbe {
    let address = try takeNumber()
    let length = try takeNumber()
    let count = try takeCount()
    var states: [OracleProbe.PageState] = []
    for _ in 0..<count { states.append(try takeCase(of: OracleProbe.PageState.self)) }
    return .pagemap(address: address, length: length, states: states)
  }

  private mutating func takeVMFlags() throws(CompactDamage) -> OracleProbe {
    let address = try takeNumber()
    let count = try takeCount()
    var flags: [String] = []
    for _ in 0..<count { flags.append(try takeText()) }
    return .vmFlags(address: address, flags: flags)
  }

  private mutating func takeStatus() throws(CompactDamage) -> OracleProbe {
    let count = try takeCount(ofAtLeast: 2)
    var sizes: [String: UInt64] = [:]
    for _ in 0..<count {
      let name = try takeText()
      sizes[name] = try takeNumber()
    }
    return .status(sizes)
  }
}
