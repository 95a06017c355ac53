/// Values by name, looked up by the bytes of a line.
///
/// Open addressing over FNV-1a; built once, never changed.
struct SymbolTable: Sendable {
  private var slots: [(name: StaticString, value: UInt64)?]
  private let mask: Int

  init(_ symbols: [(StaticString, UInt64)]) {
    var size = 16
    while size < symbols.count * 4 { size *= 2 }
    slots = Array(repeating: nil, count: size)
    mask = size - 1
    for (name, value) in symbols {
      // SAFETY: a literal's bytes live for ever.
      let bytes = unsafe UnsafeBufferPointer(
        start: name.utf8Start, count: name.utf8CodeUnitCount)
      var slot = Int(truncatingIfNeeded: unsafe PathTable.hash(bytes)) & mask
      while slots[slot] != nil { slot = (slot + 1) & mask }
      slots[slot] = (name, value)
    }
  }

  /// The value of the name that stands in `range` of the line; nil when it is not in the table.
  func value(of range: Range<Int>, in line: LineCursor) -> UInt64? {
    var slot = Int(truncatingIfNeeded: unsafe PathTable.hash(line.bytes(range))) & mask
    while let (name, value) = slots[slot] {
      if name.utf8CodeUnitCount == range.count, line.matches(name, from: range.lowerBound) {
        return value
      }
      slot = (slot + 1) & mask
    }
    return nil
  }
}
