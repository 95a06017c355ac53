internal import MemoryTypes

/// A payload does not hold what its form promises; the text says what was expected.
struct CompactDamage: Error {
  var expected: StaticString
}

/// Takes the primitives of the compact form from a payload, each bounds-checked.
struct CompactDecoder {
  private let bytes: [UInt8]
  private(set) var offset = 0
  var deltas = CompactDeltas()

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { offset == bytes.count }
  private var remaining: Int { bytes.count - offset }

  mutating func takeByte() throws(CompactDamage) -> UInt8 {
    guard offset < bytes.count else { throw CompactDamage(expected: "one more byte") }
    defer { offset += 1 }
    return bytes[offset]
  }

  mutating func takeNumber() throws(CompactDamage) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try takeByte()
      // The tenth byte holds bit 63 alone.
      guard shift < 63 || byte <= 1 else {
        throw CompactDamage(expected: "a number of at most 64 bits")
      }
      value |= UInt64(byte & 0x7f) &<< shift
      if byte < 0x80 { return value }
      shift += 7
    }
  }

  mutating func takeSigned() throws(CompactDamage) -> Int64 {
    let folded = try takeNumber()
    return Int64(bitPattern: folded >> 1) ^ -Int64(bitPattern: folded & 1)
  }

  mutating func takeInt32() throws(CompactDamage) -> Int32 {
    guard let value = Int32(exactly: try takeSigned()) else {
      throw CompactDamage(expected: "a number of at most 32 bits")
    }
    return value
  }

  mutating func takeNumber(relativeTo base: UInt64) throws(CompactDamage) -> UInt64 {
    base &+ UInt64(bitPattern: try takeSigned())
  }

  /// A count of things that take at least `size` bytes each, so a hostile one reserves nothing.
  mutating func takeCount(ofAtLeast size: Int = 1) throws(CompactDamage) -> Int {
    let count = try takeNumber()
    guard count <= UInt64(remaining / size) else {
      throw CompactDamage(expected: "a count that fits the chunk")
    }
    return Int(count)
  }

  mutating func takeBytes(_ count: Int) -> ArraySlice<UInt8> {
    defer { offset += count }
    return bytes[offset..<offset + count]
  }

  mutating func takeText() throws(CompactDamage) -> String {
    let count = try takeCount()
    return String(decoding: takeBytes(count), as: UTF8.self)
  }

  mutating func takeFlag() throws(CompactDamage) -> Bool {
    let byte = try takeByte()
    guard byte <= 1 else { throw CompactDamage(expected: "a flag of 0 or 1") }
    return byte == 1
  }

  mutating func takeOptional() throws(CompactDamage) -> UInt64? {
    try takeFlag() ? try takeNumber() : nil
  }

  mutating func takeCase<Value: RawRepresentable>(
    of type: Value.Type
  ) throws(CompactDamage) -> Value where Value.RawValue == UInt8 {
    guard let value = Value(rawValue: try takeByte()) else {
      throw CompactDamage(expected: "a known case number")
    }
    return value
  }

  mutating func takeMapLines() throws(CompactDamage) -> [MapLine] {
    let count = try takeCount(ofAtLeast: 5)
    var lines: [MapLine] = []
    lines.reserveCapacity(count)
    var end: UInt64 = 0
    var path = ""
    for _ in 0..<count {
      let start = try takeNumber(relativeTo: end)
      end = start &+ (try takeNumber())
      let permissions = MapPermissions(rawValue: try takeByte())
      let offset = try takeNumber()
      let length = try takeNumber()
      if length > 0 {
        guard length - 1 <= UInt64(remaining) else {
          throw CompactDamage(expected: "a path that fits the chunk")
        }
        path = String(decoding: takeBytes(Int(length - 1)), as: UTF8.self)
      }
      lines.append(
        MapLine(start: start, end: end, permissions: permissions, offset: offset, path: path))
    }
    return lines
  }
}
