/// Writes flattened device trees, well-formed ones and others, for tests.
struct DeviceTreeBlob {
  private var structure: [UInt8] = []
  private var strings: [UInt8] = []
  private var reservations: [UInt8] = []

  mutating func begin(_ name: String) {
    structure += bytes(1, width: 4) + Array(name.utf8) + [0]
    align()
  }

  mutating func end() { structure += bytes(2, width: 4) }

  mutating func property(_ name: String, _ value: [UInt8]) {
    structure += bytes(3, width: 4) + bytes(UInt64(value.count), width: 4)
    structure += bytes(UInt64(strings.count), width: 4) + value
    strings += Array(name.utf8) + [0]
    align()
  }

  mutating func property(_ name: String, text: String) {
    property(name, Array(text.utf8) + [0])
  }

  /// Numbers of 32 bits each.
  mutating func property(_ name: String, cells: [UInt64]) {
    property(name, cells.flatMap { bytes($0, width: 4) })
  }

  mutating func reserve(_ start: UInt64, count: UInt64) {
    reservations += bytes(start, width: 8) + bytes(count, width: 8)
  }

  /// The blob: header, reservations, structure, strings.
  var data: [UInt8] {
    let reserved = reservations + [UInt8](repeating: 0, count: 16)
    let nodes = structure + bytes(9, width: 4)
    let structureStart = 40 + reserved.count
    let stringsStart = structureStart + nodes.count
    let header = [
      0xd00d_feed, stringsStart + strings.count, structureStart, stringsStart, 40, 17, 16, 0,
      strings.count, nodes.count,
    ].flatMap { bytes(UInt64($0), width: 4) }
    return header + reserved + nodes + strings
  }

  private mutating func align() {
    while structure.count % 4 != 0 { structure.append(0) }
  }

  private func bytes(_ value: UInt64, width: UInt64) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * (width - 1 - $0))) }
  }
}
