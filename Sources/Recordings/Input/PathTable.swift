/// The paths met in a text, each made a String once.
///
/// Looking one up costs a hash of its bytes, so lines that name the same files over and over
/// allocate nothing. Holds at most `limit` paths and then starts afresh, so that a text with
/// endlessly many names cannot grow it.
struct PathTable {
  private var strings: [UInt64: String] = [:]
  private let limit = 1 << 14

  mutating func string(bytes: UnsafeBufferPointer<UInt8>) -> String {
    if bytes.isEmpty { return "" }
    let hash = unsafe Self.hash(bytes)
    if let known = strings[hash], unsafe Self.isEqual(known, bytes) { return known }
    if strings.count >= limit { strings.removeAll(keepingCapacity: true) }
    let string = unsafe String(decoding: bytes, as: UTF8.self)
    strings[hash] = string
    return string
  }

  /// FNV-1a.
  static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for index in bytes.indices { hash = (hash ^ UInt64(unsafe bytes[index])) &* 0x100_0000_01b3 }
    return hash
  }

  private static func isEqual(_ string: String, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    unsafe string.utf8.elementsEqual(bytes)
  }
}
