/// Objects chained through their first word. Linux: `pool->elements`.
struct PoolReserve: Sendable {
  private var first: UInt = 0
  private(set) var count = 0

  mutating func push(_ object: UnsafeMutableRawPointer) {
    // SAFETY: the object is nobody's and has room for a word.
    unsafe object.storeBytes(of: first, as: UInt.self)
    first = UInt(bitPattern: object)
    count += 1
  }

  mutating func pop() -> UnsafeMutableRawPointer? {
    guard let object = unsafe UnsafeMutableRawPointer(bitPattern: first) else { return nil }
    unsafe first = object.load(as: UInt.self)
    count -= 1
    return unsafe object
  }
}
