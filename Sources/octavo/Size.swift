import ArgumentParser
import MemoryTypes

/// A size as options take it: digits, perhaps `0x` before them, perhaps K, M, G, T, P or E behind.
///
/// The unit is 1024 bytes and its powers, in either case. Linux: `memparse()`.
struct Size: ExpressibleByArgument, Hashable, Sendable {
  var bytes: ByteCount

  /// nil for anything else, and for what does not fit 64 bits.
  init?(argument: String) {
    var digits = argument[...]
    var power = 0
    if let last = digits.last?.uppercased(), let unit = Self.units.firstIndex(of: last) {
      // In `0xE` the last letter is a digit.
      if !digits.lowercased().hasPrefix("0x") || last != "E" {
        digits.removeLast()
        power = unit + 1
      }
    }
    guard let value = Self.number(digits) else { return nil }
    let (bytes, overflow) = value.multipliedReportingOverflow(by: 1 << UInt(10 * power))
    guard !overflow else { return nil }
    self.bytes = ByteCount(bytes)
  }

  private static func number(_ digits: Substring) -> UInt? {
    let isHexadecimal = digits.lowercased().hasPrefix("0x")
    let body = isHexadecimal ? digits.dropFirst(2) : digits
    // The initialiser alone would accept a sign.
    guard body.allSatisfy(\.isHexDigit) else { return nil }
    return UInt(body, radix: isHexadecimal ? 16 : 10)
  }

  private static var units: [String] { ["K", "M", "G", "T", "P", "E"] }
}

/// Sizes with commas between them.
struct Sizes: ExpressibleByArgument, Hashable, Sendable {
  var sizes: [Size]

  init?(argument: String) {
    sizes = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let size = Size(argument: String(part)) else { return nil }
      sizes.append(size)
    }
  }
}
