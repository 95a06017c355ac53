/// Where text goes, byte by byte: a console, a buffer, a string of the host.
///
/// The core has no strings: what it says (`/proc` texts, panics) it writes here, in ASCII.
public protocol TextSink {
  /// Takes one byte of UTF-8.
  mutating func write(_ byte: UInt8)
}

extension TextSink {
  /// Writes `text` as it is.
  public mutating func write(_ text: StaticString) {
    precondition(text.hasPointerRepresentation, "text of more than one byte is a pointer")
    for offset in 0..<text.utf8CodeUnitCount {
      // SAFETY: a static string's bytes are constant data of `utf8CodeUnitCount` bytes.
      unsafe write(text.utf8Start[offset])
    }
  }

  /// Writes `text`, then spaces up to `width` bytes in all. C: `%-*s`.
  public mutating func write(_ text: StaticString, width: Int) {
    write(text)
    pad(width &- text.utf8CodeUnitCount, with: .space)
  }

  /// Writes `value` in decimal, after spaces up to `width` bytes in all. C: `%*llu`.
  public mutating func write(decimal value: UInt64, width: Int = 0) {
    write(value, radix: 10, width: width, padding: .space)
  }

  /// Writes `value` in decimal, after zeros up to `digits` digits. C: `%0*llu`.
  public mutating func write(decimal value: UInt64, digits: Int) {
    write(value, radix: 10, width: digits, padding: .zero)
  }

  /// Writes `value` in decimal, then spaces up to `width` bytes in all. C: `%-*llu`.
  public mutating func write(decimal value: UInt64, leftAlignedTo width: Int) {
    write(decimal: value)
    pad(width &- Self.digitCount(of: value, radix: 10), with: .space)
  }

  /// Writes `value` in decimal with a minus sign where it is negative. C: `%lld`.
  public mutating func write(decimal value: Int64) {
    if value < 0 { write(UInt8(ascii: "-")) }
    write(decimal: value.magnitude)
  }

  /// Writes `value` in lower-case hexadecimal, after zeros up to `digits` digits. C: `%0*llx`.
  public mutating func write(hexadecimal value: UInt64, digits: Int = 1) {
    write(value, radix: 16, width: digits, padding: .zero)
  }

  /// Writes `byte` `count` times; nothing where `count` is negative.
  public mutating func pad(_ count: Int, with byte: UInt8) {
    var left = count
    while left > 0 {
      write(byte)
      left &-= 1
    }
  }

  private mutating func write(_ value: UInt64, radix: UInt64, width: Int, padding: UInt8) {
    var place: UInt64 = 1
    var digits = 1
    while value / place >= radix {
      place &*= radix
      digits &+= 1
    }
    pad(width &- digits, with: padding)
    for _ in 0..<digits {
      write(.digit(UInt8(truncatingIfNeeded: value / place % radix)))
      place /= radix
    }
  }

  private static func digitCount(of value: UInt64, radix: UInt64) -> Int {
    var digits = 1
    var rest = value
    while rest >= radix {
      rest /= radix
      digits &+= 1
    }
    return digits
  }
}

extension UInt8 {
  fileprivate static var space: UInt8 { UInt8(ascii: " ") }
  fileprivate static var zero: UInt8 { UInt8(ascii: "0") }

  /// The digit for a value from 0 to 15.
  fileprivate static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "a") &+ (value &- 10)
  }
}
