/// Values by name, looked up by the bytes of a line.
///
/// Open addressing, built once and never freed: a lookup touches no reference count. The slots are
/// at least four times the names, so a word that is no name mostly ends at its first slot.
@safe struct SymbolTable: Sendable {
  private struct Slot {
    var name: StaticString = ""
    var value: UInt64 = 0
  }

  // SAFETY: written by `init` alone, and never freed.
  private nonisolated(unsafe) let slots: UnsafePointer<Slot>
  private let mask: Int

  init(_ symbols: [(StaticString, UInt64)]) {
    var size = 16
    while size < symbols.count * 4 { size *= 2 }
    mask = size - 1
    let slots = UnsafeMutablePointer<Slot>.allocate(capacity: size)
    unsafe slots.initialize(repeating: Slot(), count: size)
    for (name, value) in symbols {
      // SAFETY: a literal's bytes live for ever.
      let bytes = unsafe UnsafeBufferPointer(
        start: name.utf8Start, count: name.utf8CodeUnitCount)
      var slot = unsafe Self.hash(bytes) & mask
      while unsafe slots[slot].name.utf8CodeUnitCount > 0 { slot = (slot + 1) & mask }
      unsafe slots[slot] = Slot(name: name, value: value)
    }
    unsafe self.slots = UnsafePointer(slots)
  }

  /// The value of the name that stands in `range` of the line; nil when it is not in the table.
  func value(of range: Range<Int>, in line: LineCursor) -> UInt64? {
    guard !range.isEmpty else { return nil }
    var slot = unsafe Self.hash(line.bytes(range)) & mask
    while true {
      // SAFETY: the mask keeps the index within the slots, some of which are empty.
      let candidate = unsafe slots[slot]
      let count = candidate.name.utf8CodeUnitCount
      if count == 0 { return nil }
      if count == range.count, line.matches(candidate.name, from: range.lowerBound) {
        return candidate.value
      }
      slot = (slot + 1) & mask
    }
  }

  /// Mixes the length, the first eight bytes and the last eight: names differ there.
  private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    let count = bytes.count
    let raw = UnsafeRawBufferPointer(bytes)
    var first: UInt64 = 0
    var last: UInt64 = 0
    if count >= 8 {
      // SAFETY: eight bytes stand at both places.
      first = unsafe raw.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
      last = unsafe raw.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
    } else {
      for index in 0..<count { first = first << 8 | UInt64(unsafe bytes[index]) }
    }
    let mixed = (first &+ UInt64(count)) &* 0x9e37_79b9_7f4a_7c15 ^ last &* 0xc2b2_ae3d_27d4_eb4f
    return Int(truncatingIfNeeded: mixed >> 32)
  }
}
