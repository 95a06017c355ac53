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
    let digits = Digits(decimal: value)
    pad(width &- digits.count, with: .space)
    write(digits)
  }

  /// Writes `value` in decimal, after zeros up to `digits` digits. C: `%0*llu`.
  public mutating func write(decimal value: UInt64, digits width: Int) {
    let digits = Digits(decimal: value)
    pad(width &- digits.count, with: .zero)
    write(digits)
  }

  /// Writes `value` in decimal, then spaces up to `width` bytes in all. C: `%-*llu`.
  public mutating func write(decimal value: UInt64, leftAlignedTo width: Int) {
    let digits = Digits(decimal: value)
    write(digits)
    pad(width &- digits.count, with: .space)
  }

  /// Writes `value` in decimal with a minus sign where it is negative. C: `%lld`.
  public mutating func write(signedDecimal value: Int64) {
    if value < 0 { write(UInt8(ascii: "-")) }
    write(decimal: value.magnitude)
  }

  /// Writes `value` in lower-case hexadecimal, after zeros up to `digits` digits. C: `%0*llx`.
  public mutating func write(hexadecimal value: UInt64, digits width: Int = 1) {
    let digits = Digits(hexadecimal: value)
    pad(width &- digits.count, with: .zero)
    write(digits)
  }

  /// Writes `byte` `count` times; nothing where `count` is negative.
  public mutating func pad(_ count: Int, with byte: UInt8) {
    var left = count
    while left > 0 {
      write(byte)
      left &-= 1
    }
  }

  private mutating func write(_ digits: Digits) {
    var place = digits.count
    while place > 0 {
      place &-= 1
      write(digits.ascii[place])
    }
  }
}

/// The digits of a number, the lowest first, as they fall out of dividing.
private struct Digits {
  var ascii = InlineArray<20, UInt8>(repeating: 0)
  var count = 0

  /// Divides only by a constant: a 32-bit machine has no instruction to divide 64 bits.
  init(decimal value: UInt64) {
    var rest = value
    repeat {
      append(UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
  }

  init(hexadecimal value: UInt64) {
    var rest = value
    repeat {
      append(UInt8(truncatingIfNeeded: rest & 15))
      rest >>= 4
    } while rest > 0
  }

  private mutating func append(_ digit: UInt8) {
    ascii[count] = digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ (digit &- 10)
    count &+= 1
  }
}

extension UInt8 {
  fileprivate static var space: UInt8 { UInt8(ascii: " ") }
  fileprivate static var zero: UInt8 { UInt8(ascii: "0") }
}
