extension MMUFault {
  /// arm64: ESR_EL1 of the exception that this fault takes to EL1. Arm ARM D19.2.37.
  ///
  ///      31   26 25 24                           10  9   8   7   6  5    0
  ///     +-------+--+-----------------------------+---+--+-----+---+------+
  ///     |  EC   |IL|             0               |FnV|EA|S1PTW|WnR| FSC  |
  ///     +-------+--+-----------------------------+---+--+-----+---+------+
  ///
  /// EC: 0x20 and 0x24 for a fetch and for data from EL0, 0x21 and 0x25 from EL1; IL is 1. WnR is
  /// for data only. The instruction's own syndrome (ISV) is not modelled.
  public var exceptionSyndrome: UInt64 {
    var syndrome: UInt64 = access == .execute ? 0x20 : 0x24
    if privilege == .kernel { syndrome += 1 }
    syndrome = syndrome << 26 | 1 << 25 | UInt64(faultStatusCode)
    return access == .write ? syndrome | 1 << 6 : syndrome
  }

  /// arm64: DFSC or IFSC, the six bits that say what happened and at which level.
  ///
  ///     0000LL address size   0001LL translation   0010LL access flag   0011LL permission
  ///     010000 external abort of the access        0101LL of a table at level LL
  ///     at level -1: 101001 address size, 101011 translation, 010011 external abort
  public var faultStatusCode: UInt8 {
    let level = architecturalLevel
    switch kind {
    case .addressSize, .reservedBit: return level < 0 ? 0b101001 : UInt8(level)
    case .translation, .nonCanonical: return level < 0 ? 0b101011 : 0b000100 | UInt8(level)
    case .accessFlag: return 0b001000 | UInt8(max(0, level))
    case .permission: return 0b001100 | UInt8(max(0, level))
    case .externalAbort: return 0b010000
    case .tableAbort: return level < 0 ? 0b010011 : 0b010100 | UInt8(level)
    }
  }

  /// arm64's number of the level, which counts from the top: 3 is the last; -1 to 3.
  public var architecturalLevel: Int { 3 - Int(min(level.rawValue, 4)) }

  /// x86: the error code of the page fault. Intel SDM volume 3A, figure 5-12 (4-12 in older
  /// editions).
  ///
  ///       4   3    2   1   0
  ///     +---+----+---+---+---+
  ///     |I/D|RSVD|U/S|W/R| P |
  ///     +---+----+---+---+---+
  ///
  /// 0 for what is no page fault: `.nonCanonical` is #GP(0), an abort is a machine check.
  ///
  /// - Parameter reportsFetch: `MMUControl.reportsFetch`.
  public func pageFaultErrorCode(reportsFetch: Bool) -> UInt32 {
    guard isPageFault else { return 0 }
    var code: UInt32 = kind == .translation ? 0 : 1
    if access == .write { code |= 1 << 1 }
    if privilege == .user { code |= 1 << 2 }
    if kind == .reservedBit || kind == .addressSize { code |= 1 << 3 }
    if access == .execute, reportsFetch { code |= 1 << 4 }
    return code
  }

  /// Whether x86 raises #PF for it.
  public var isPageFault: Bool {
    switch kind {
    case .translation, .permission, .reservedBit, .accessFlag, .addressSize: true
    case .nonCanonical, .externalAbort, .tableAbort: false
    }
  }
}
