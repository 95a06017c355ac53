extension LineCursor {
  /// A number as C writes it: `0x1f`, `017`, `15` or `-15` (as its two's complement).
  ///
  /// Nil when no digit is next or the value has no room in 64 bits; the place is undefined then.
  mutating func number() -> UInt64? {
    if skip("-") {
      guard let magnitude = decimal(), magnitude <= 1 << 63 else { return nil }
      return 0 &- magnitude
    }
    guard peek == 0x30 else { return decimal() }
    switch byte(at: position + 1) | 0x20 {
    case 0x78:
      position += 2
      return hexadecimal()
    case 0x30...0x39: return digits(radixShift: 3)
    default: return decimal()
    }
  }

  /// Decimal digits; nil for none and for an overflow.
  mutating func decimal() -> UInt64? {
    let start = position
    var offset = start
    var value: UInt64 = 0
    while true {
      let digit = byte(at: offset) &- 0x30
      guard digit < 10 else { break }
      // Up to 18 digits cannot overflow.
      if offset - start < 18 {
        value = value &* 10 &+ UInt64(digit)
      } else {
        let (tens, tooBig) = value.multipliedReportingOverflow(by: 10)
        let (sum, carried) = tens.addingReportingOverflow(UInt64(digit))
        if tooBig || carried { return nil }
        value = sum
      }
      offset += 1
    }
    position = offset
    return offset > start ? value : nil
  }

  /// Hexadecimal digits without `0x`; nil for none and for an overflow.
  mutating func hexadecimal() -> UInt64? { digits(radixShift: 4) }

  private mutating func digits(radixShift: UInt64) -> UInt64? {
    let start = position
    var offset = start
    var value: UInt64 = 0
    while let digit = Self.digitValue(byte(at: offset)), digit >> radixShift == 0 {
      guard value >> (64 - radixShift) == 0 else { return nil }
      value = value << radixShift | digit
      offset += 1
    }
    position = offset
    return offset > start ? value : nil
  }

  @inline(__always)
  private static func digitValue(_ byte: UInt8) -> UInt64? {
    let digit = byte &- 0x30
    if digit < 10 { return UInt64(digit) }
    let letter = (byte | 0x20) &- 0x61
    return letter < 6 ? UInt64(letter) + 10 : nil
  }
}
