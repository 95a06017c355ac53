import Foundation
import MemoryTypes

enum Seed {
  /// The seed that OCTAVO_SEED names, else a new one; as a test's argument it is in every report.
  static var any: UInt64 {
    ProcessInfo.processInfo.environment["OCTAVO_SEED"].flatMap(UInt64.init)
      ?? .random(in: 0...(.max))
  }
}

/// A copy with some words changed to numbers that parsers find hard, sometimes cut as well.
func damage(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
  var damaged = bytes
  for _ in 0...random.next(below: 4) {
    let offset = Int(random.next(below: UInt32(bytes.count)))
    switch random.next(below: 4) {
    case 0: damaged[offset] = 0xff
    case 1: damaged[offset] = 0
    case 2: damaged[offset] = UInt8(truncatingIfNeeded: random.next())
    default:
      for index in offset..<min(offset + 4, bytes.count) { damaged[index] = 0xff }
    }
  }
  if random.next(below: 8) == 0 {
    damaged.removeLast(Int(random.next(below: UInt32(bytes.count))))
  }
  return damaged
}
