/// A batch of accesses in the compact form: about two bytes each.
///
///     count(varint) length(varint) | length bytes:
///
///     ┌ kind:2 ┬ code:6 ┐ [size] [difference]
///
///     instruction   code 1…63: of that size, right behind the one before
///                   code 0: size and zigzag difference to there follow
///     others        code 0…15: log2 of the size; 63: the size follows; then always the zigzag
///                   difference to the operand before
///
/// Each batch stands for itself: the first differences are to address 0.
enum CompactAccesses {
  static let sizeFollows: UInt8 = 63

  /// Where the next access is told from.
  struct Deltas {
    var instruction: UInt64 = 0
    var operand: UInt64 = 0
  }

  static func zigzag(_ difference: UInt64) -> UInt64 {
    let signed = Int64(bitPattern: difference)
    return UInt64(bitPattern: (signed << 1) ^ (signed >> 63))
  }

  @inline(__always)
  static func unfolded(_ number: UInt64) -> UInt64 { (number >> 1) ^ (0 &- (number & 1)) }
}

extension CompactEncoder {
  /// The accesses of one event.
  mutating func put(_ accesses: [TracedAccess]) {
    var packed = CompactEncoder()
    var deltas = CompactAccesses.Deltas()
    for access in accesses {
      if access.kind == .instruction {
        packed.putInstruction(access, &deltas)
      } else {
        packed.putOperand(access, &deltas)
      }
    }
    put(count: accesses.count)
    put(count: packed.bytes.count)
    bytes.append(contentsOf: packed.bytes)
  }

  private mutating func putInstruction(
    _ access: TracedAccess, _ deltas: inout CompactAccesses.Deltas
  ) {
    if access.address == deltas.instruction, (1..<64).contains(access.size) {
      put(byte: UInt8(access.size))
    } else {
      put(byte: 0)
      put(UInt64(access.size))
      put(CompactAccesses.zigzag(access.address &- deltas.instruction))
    }
    deltas.instruction = access.address &+ UInt64(access.size)
  }

  private mutating func putOperand(
    _ access: TracedAccess, _ deltas: inout CompactAccesses.Deltas
  ) {
    let kind = access.kind.rawValue << 6
    if access.size.nonzeroBitCount == 1 {
      put(byte: kind | UInt8(access.size.trailingZeroBitCount))
    } else {
      put(byte: kind | CompactAccesses.sizeFollows)
      put(UInt64(access.size))
    }
    put(CompactAccesses.zigzag(access.address &- deltas.operand))
    deltas.operand = access.address
  }
}

extension CompactDecoder {
  /// The accesses of one event; a damaged batch throws.
  mutating func takeAccesses() throws(CompactDamage) -> [TracedAccess] {
    let count = try takeNumber()
    guard count <= UInt64(TracedAccess.batchLimit) else {
      throw CompactDamage(expected: "at most 4096 accesses")
    }
    let length = try takeCount()
    let packed = takeBytes(length)
    let accesses = unsafe packed.withUnsafeBufferPointer { bytes in
      var unpacker = unsafe AccessUnpacker(bytes)
      return unpacker.unpack(Int(count))
    }
    guard let accesses else { throw CompactDamage(expected: "accesses that fill their bytes") }
    return accesses
  }
}

/// The inner loop of decoding: bytes in, accesses out.
@safe
private struct AccessUnpacker {
  private let start: UnsafePointer<UInt8>
  private let count: Int
  private var offset = 0
  /// A number ran over the end or past 64 bits.
  private var isDamaged = false

  @unsafe
  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    // SAFETY: no byte is read when there is none.
    unsafe start = bytes.baseAddress ?? UnsafePointer(bitPattern: 1)!
    count = bytes.count
  }

  /// Nil unless exactly `limit` accesses fill the bytes.
  mutating func unpack(_ limit: Int) -> [TracedAccess]? {
    let accesses = unsafe [TracedAccess](unsafeUninitializedCapacity: limit) { output, filled in
      var deltas = CompactAccesses.Deltas()
      while filled < limit, offset < count, !isDamaged {
        unsafe output.initializeElement(at: filled, to: take(&deltas))
        filled += 1
      }
    }
    guard accesses.count == limit, offset == count, !isDamaged else { return nil }
    return accesses
  }

  @inline(__always)
  private mutating func take(_ deltas: inout CompactAccesses.Deltas) -> TracedAccess {
    // SAFETY: `unpack` found that there is a byte.
    let first = unsafe start[offset]
    offset &+= 1
    let code = first & 63
    guard first >= 64 else { return takeInstruction(code, &deltas) }
    let size =
      code < 16 ? 1 &<< UInt16(code) : takeSize(follows: code == CompactAccesses.sizeFollows)
    deltas.operand = deltas.operand &+ CompactAccesses.unfolded(takeNumber())
    // SAFETY: two bits have four values, and all four are kinds.
    let kind = unsafe unsafeBitCast(first >> 6, to: TracedAccess.Kind.self)
    return TracedAccess(kind, at: deltas.operand, size: size)
  }

  @inline(__always)
  private mutating func takeInstruction(
    _ code: UInt8, _ deltas: inout CompactAccesses.Deltas
  ) -> TracedAccess {
    var size = UInt16(code)
    if code == 0 {
      size = takeSize(follows: true)
      deltas.instruction = deltas.instruction &+ CompactAccesses.unfolded(takeNumber())
    }
    defer { deltas.instruction = deltas.instruction &+ UInt64(size) }
    return TracedAccess(.instruction, at: deltas.instruction, size: size)
  }

  @inline(__always)
  private mutating func takeSize(follows: Bool) -> UInt16 {
    let size = takeNumber()
    if !follows || size == 0 || size > UInt64(UInt16.max) { isDamaged = true }
    return UInt16(truncatingIfNeeded: size)
  }

  @inline(__always)
  private mutating func takeNumber() -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while offset < count, shift < 64 {
      // SAFETY: within the bytes.
      let byte = unsafe start[offset]
      offset &+= 1
      value |= UInt64(byte & 0x7f) &<< shift
      if byte < 0x80 { return value }
      shift &+= 7
    }
    isDamaged = true
    return 0
  }
}
