public import MemoryTypes

/// Bytes that firmware left in memory, which nobody has checked.
///
/// Every read is bounds-checked and answers nil outside, so that a parser of a hostile blob can
/// only fail. Offsets are 64 bits wide on every machine: sums of the 32-bit numbers that stand in
/// such blobs cannot overflow.
@safe
public struct FirmwareBytes {
  private let base: UnsafeRawPointer
  /// How many bytes there are.
  public let count: UInt64

  /// Bytes which stay mapped and unchanged as long as this value or a slice of it is used.
  @unsafe
  public init(_ base: UnsafeRawPointer, count: ByteCount) {
    unsafe self.base = base
    self.count = UInt64(count.rawValue)
  }

  /// The `width` bytes from `offset` on; nil when they do not all lie inside.
  public func slice(_ offset: UInt64, count width: UInt64) -> FirmwareBytes? {
    guard offset <= count, width <= count - offset else { return nil }
    // SAFETY: offset <= count, which is a size in memory and so fits Int.
    return unsafe FirmwareBytes(base + Int(offset), count: ByteCount(UInt(width)))
  }

  /// Everything from `offset` on; nil when that lies outside.
  public func suffix(from offset: UInt64) -> FirmwareBytes? {
    guard offset <= count else { return nil }
    return slice(offset, count: count - offset)
  }

  public func byte(at offset: UInt64) -> UInt8? {
    guard offset < count else { return nil }
    // SAFETY: just checked.
    return unsafe base.load(fromByteOffset: Int(offset), as: UInt8.self)
  }

  /// The unsigned number of `width` bytes (at most 8), most significant first.
  public func bigEndian(at offset: UInt64, width: UInt64) -> UInt64? {
    guard let bytes = slice(offset, count: width) else { return nil }
    var value: UInt64 = 0
    for index in 0..<width { value = value << 8 | UInt64(bytes.byte(at: index) ?? 0) }
    return value
  }

  /// The unsigned number of `width` bytes (at most 8), least significant first.
  public func littleEndian(at offset: UInt64, width: UInt64) -> UInt64? {
    guard let value = bigEndian(at: offset, width: width), width > 0 else { return nil }
    return value.byteSwapped >> (64 - 8 * width)
  }

  /// Whether a NUL-terminated text equal to `text` (ASCII) begins here.
  public func beginsWith(text: StaticString) -> Bool {
    let length = UInt64(text.utf8CodeUnitCount)
    guard byte(at: length) == 0 else { return false }
    for index in 0..<length {
      // SAFETY: index < the literal's length.
      guard byte(at: index) == (unsafe text.utf8Start[Int(index)]) else { return false }
    }
    return true
  }
}
