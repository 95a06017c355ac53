public import MemoryTypes

/// How numbers are written for people.
public enum Units {
  /// A size as `/proc` writes it: kilobytes of 1024 bytes, rounded down. Linux: `show_val_kb()`.
  public static func kilobytes(_ size: ByteCount) -> String {
    "\(size.rawValue / 1024) kB"
  }

  /// A size with the largest binary unit that divides it, as an option would be given: `64K`, `8M`.
  public static func option(_ size: ByteCount) -> String {
    var value = size.rawValue
    var unit = 0
    while value != 0, value % 1024 == 0, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    return "\(value)\(units[unit])"
  }

  /// A size with three digits or so and a binary unit, for a span no one computes with: `127.9T`.
  public static func short(_ size: ByteCount) -> String {
    var unit = 0
    var divisor: UInt = 1
    while unit < units.count - 1, size.rawValue / divisor >= 1024 {
      divisor *= 1024
      unit += 1
    }
    let whole = size.rawValue / divisor
    let tenths = size.rawValue % divisor / max(divisor / 10, 1)
    return tenths == 0 ? "\(whole)\(units[unit])" : "\(whole).\(min(tenths, 9))\(units[unit])"
  }

  /// An address in hexadecimal with `0x`, as system-call traces write it.
  public static func address(_ address: VirtualAddress) -> String {
    "0x" + String(address.rawValue, radix: 16)
  }

  /// A count with its digits in groups of three: `1,234,567`.
  public static func count(_ value: some FixedWidthInteger) -> String {
    let digits = String(value.magnitude)
    var grouped = value < 0 ? "-" : ""
    for (place, digit) in digits.enumerated() {
      if place > 0, (digits.count - place) % 3 == 0 { grouped += "," }
      grouped.append(digit)
    }
    return grouped
  }

  private static var units: [String] { ["", "K", "M", "G", "T", "P", "E"] }
}
