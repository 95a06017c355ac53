/// Free objects in a row, the one freed last at the end. Linux: `struct array_cache`.
///
/// The row stands elsewhere and outlives the value. The lock around the value guards it.
@safe
struct ObjectArray: @unchecked Sendable {
  private let row: UnsafeMutablePointer<UInt>
  private(set) var count = 0
  let limit: Int
  /// Whether objects were taken since it was last looked at. Linux: `touched`.
  var isTouched = false

  /// `row` has room for `limit` words.
  @unsafe
  init(_ row: UnsafeMutablePointer<UInt>, limit: Int) {
    unsafe self.row = row
    self.limit = limit
  }

  var isFull: Bool { count >= limit }

  @inline(__always)
  subscript(index: Int) -> UInt {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "no such object in the row")
    return unsafe row[index]
  }

  /// The object freed last.
  @inline(__always)
  var last: UInt? { count == 0 ? nil : unsafe row[count &- 1] }

  @inline(__always)
  mutating func popLast() -> UInt? {
    guard count > 0 else { return nil }
    count &-= 1
    return unsafe row[count]
  }

  /// Puts one more; there must be room.
  @inline(__always)
  mutating func push(_ object: UInt) {
    precondition(count < limit, "a row of objects runs over")
    unsafe row[count] = object
    count &+= 1
  }

  /// Puts an object that is freed; false where there is no room. Traps on the one freed last.
  @inline(__always)
  mutating func keep(_ object: UInt) -> Bool {
    let count = self.count
    guard count < limit else { return false }
    guard last != object else { SlabMisuse.trapFreedTwice() }
    unsafe row[count] = object
    self.count = count &+ 1
    return true
  }

  /// Takes the `number` objects away that were freed first, and moves up the others.
  mutating func removeFirst(_ number: Int) {
    precondition(number >= 0 && number <= count, "fewer objects in the row")
    var index = number
    while index < count {
      unsafe row[index &- number] = row[index]
      index &+= 1
    }
    count &-= number
  }

  /// Moves up to `most` of `other`'s last objects here, in the order they have there: what was freed
  /// last is handed out first here too. Linux: `transfer_objects()`.
  mutating func take(from other: inout ObjectArray, atMost most: Int) -> Int {
    let number = max(min(most, other.count, limit &- count), 0)
    let first = other.count &- number
    for index in 0..<number { push(other[first &+ index]) }
    other.count = first
    return number
  }

  func contains(_ object: UInt) -> Bool {
    var index = 0
    while index < count {
      if unsafe row[index] == object { return true }
      index &+= 1
    }
    return false
  }
}
