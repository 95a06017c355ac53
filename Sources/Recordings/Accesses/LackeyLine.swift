/// One line of lackey's text.
enum LackeyLine {
  /// The access at `next`, which is moved behind its newline; nil, with `next` where it was, when
  /// the line is none. Reads no byte behind the first newline.
  @inline(__always)
  static func access(_ next: inout UnsafePointer<UInt8>) -> TracedAccess? {
    var place = unsafe next
    guard let kind = unsafe kind(place) else { return nil }
    unsafe place += 3
    var address: UInt64 = 0
    var digits = 0
    while true {
      let digit = unsafe hexadecimal(place.pointee)
      guard digit < 16 else { break }
      address = address &<< 4 | UInt64(digit)
      digits &+= 1
      unsafe place += 1
    }
    guard digits > 0, digits <= 16, unsafe place.pointee == 0x2c else { return nil }
    unsafe place += 1
    var size: UInt32 = 0
    while true {
      let digit = unsafe place.pointee &- 0x30
      guard digit < 10, size < 1 << 16 else { break }
      size = size &* 10 &+ UInt32(digit)
      unsafe place += 1
    }
    guard size > 0, size < 1 << 16, unsafe place.pointee == 10 else { return nil }
    unsafe next = unsafe place + 1
    return TracedAccess(kind, at: address, size: UInt16(truncatingIfNeeded: size))
  }

  /// `I  `, ` L `, ` S ` or ` M `.
  @inline(__always)
  private static func kind(_ place: UnsafePointer<UInt8>) -> TracedAccess.Kind? {
    if unsafe place[0] == 0x49 {
      return unsafe place[1] == 0x20 && place[2] == 0x20 ? .instruction : nil
    }
    guard unsafe place[0] == 0x20, unsafe place[1] != 10, unsafe place[2] == 0x20 else {
      return nil
    }
    switch unsafe place[1] {
    case 0x4c: return .load
    case 0x53: return .store
    case 0x4d: return .modify
    default: return nil
    }
  }

  /// The value of a digit; 16 or more for any other byte.
  @inline(__always)
  private static func hexadecimal(_ byte: UInt8) -> UInt8 {
    let digit = byte &- 0x30
    if digit < 10 { return digit }
    let letter = (byte | 0x20) &- 0x61
    return letter < 6 ? letter &+ 10 : 16
  }
}
