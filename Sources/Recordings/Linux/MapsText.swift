/// Parses the text of `/proc/PID/maps`:
/// `start-end rwxp offset major:minor inode          path`.
public enum MapsText {
  /// The lines in their order; those that are not of this form are left out.
  public static func lines(_ text: [UInt8]) -> [MapLine] {
    text.split(separator: 0x0a).compactMap(line)
  }

  private static func line(_ text: ArraySlice<UInt8>) -> MapLine? {
    var rest = text
    guard let start = takeHexadecimal(&rest, until: UInt8(ascii: "-")),
      let end = takeHexadecimal(&rest, until: 0x20), rest.count > 5
    else { return nil }
    let permissions = permissions(rest.prefix(4))
    rest = rest.dropFirst(5)
    guard let offset = takeHexadecimal(&rest, until: 0x20) else { return nil }
    // Device, inode, then blanks up to the path, which may hold blanks itself.
    rest = rest.drop { $0 != 0x20 }.drop { $0 == 0x20 }
    rest = rest.drop { $0 != 0x20 }.drop { $0 == 0x20 }
    return MapLine(
      start: start, end: end, permissions: permissions, offset: offset,
      path: String(decoding: rest, as: UTF8.self))
  }

  private static func takeHexadecimal(
    _ text: inout ArraySlice<UInt8>, until end: UInt8
  ) -> UInt64? {
    var value: UInt64 = 0
    while let byte = text.popFirst() {
      if byte == end { return value }
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, value >> 60 == 0 else {
        return nil
      }
      value = value << 4 | UInt64(digit)
    }
    return nil
  }

  private static func permissions(_ letters: ArraySlice<UInt8>) -> MapPermissions {
    var result: MapPermissions = []
    if letters.contains(UInt8(ascii: "r")) { result.insert(.read) }
    if letters.contains(UInt8(ascii: "w")) { result.insert(.write) }
    if letters.contains(UInt8(ascii: "x")) { result.insert(.execute) }
    if letters.contains(UInt8(ascii: "s")) { result.insert(.shared) }
    return result
  }
}
