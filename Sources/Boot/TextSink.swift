/// Where boot code writes its lines: a serial port, or in a test a buffer.
public protocol TextSink {
  /// Appends one byte of ASCII; must work before anything else of the kernel does.
  func put(_ byte: UInt8)
}

extension TextSink {
  public func write(_ text: StaticString) {
    // SAFETY: index < the literal's length.
    for index in 0..<text.utf8CodeUnitCount { put(unsafe text.utf8Start[index]) }
  }

  /// Writes the number in decimal.
  public func write(_ number: UInt64) {
    if number >= 10 { write(number / 10) }
    put(UInt8(truncatingIfNeeded: 48 + number % 10))
  }

  public func write(_ number: UInt) { write(UInt64(number)) }

  /// Writes the number in hexadecimal, with `0x` and without leading zeros.
  public func write(hexadecimal number: UInt64) {
    write("0x")
    var shift = max(0, (63 - number.leadingZeroBitCount) & ~3)
    while shift >= 0 {
      let digit = UInt8(truncatingIfNeeded: number >> UInt64(shift) & 15)
      put(digit < 10 ? 48 + digit : 87 + digit)
      shift -= 4
    }
  }
}
