internal import MemoryTypes

/// Appends the primitives of the compact form to a byte array.
struct CompactEncoder {
  var bytes: [UInt8] = []
  var deltas = CompactDeltas()

  mutating func put(byte: UInt8) { bytes.append(byte) }

  /// LEB128: seven bits a byte, lowest first.
  mutating func put(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  mutating func put(count: Int) { put(UInt64(count)) }

  /// Zigzag: small magnitudes of either sign become small numbers.
  mutating func put(signed value: Int64) {
    put(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
  }

  mutating func put(_ value: UInt64, relativeTo base: UInt64) {
    put(signed: Int64(bitPattern: value &- base))
  }

  mutating func put(_ text: String) {
    let utf8 = text.utf8
    put(count: utf8.count)
    bytes.append(contentsOf: utf8)
  }

  /// 0 for nil, else the value after a 1.
  mutating func put(optional value: UInt64?) {
    put(byte: value == nil ? 0 : 1)
    if let value { put(value) }
  }

  mutating func put(_ lines: [MapLine]) {
    put(count: lines.count)
    var end: UInt64 = 0
    var path = ""
    for line in lines {
      put(line.start, relativeTo: end)
      put(line.end &- line.start)
      put(byte: line.permissions.rawValue)
      put(line.offset)
      // 0 repeats the path before; else its length plus 1 and the text.
      if line.path == path {
        put(byte: 0)
      } else {
        put(count: line.path.utf8.count + 1)
        bytes.append(contentsOf: line.path.utf8)
      }
      (end, path) = (line.end, line.path)
    }
  }
}
