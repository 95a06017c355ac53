/// How far each node's memory is from each node's processors: 10 at home, more elsewhere.
///
/// A square of bytes in storage that it was given. Linux: `numa_distance`, `node_distance()`.
@safe
public struct NodeDistances: @unchecked Sendable {
  private let table: UnsafeMutablePointer<UInt8>
  /// How many nodes the table knows, from 0 up.
  public let count: Int32

  public static var local: UInt8 { 10 }
  public static var remote: UInt8 { 20 }

  /// A table of `count` nodes that are all equally far; `table` has room for `count` squared bytes
  /// and lives as long as any copy of this value. Linux: `numa_alloc_distance()`.
  @unsafe
  public init(_ table: UnsafeMutablePointer<UInt8>, count: Int32) {
    precondition(count > 0, "a machine has a node")
    unsafe self.table = table
    self.count = count
    for from in 0..<count {
      for to in 0..<count {
        unsafe table[Int(from) * Int(count) + Int(to)] = from == to ? Self.local : Self.remote
      }
    }
  }

  /// The distance between two nodes; what a machine without a table has for numbers beyond it.
  public subscript(from: Int32, to: Int32) -> UInt8 {
    guard from >= 0, to >= 0, from < count, to < count else {
      return from == to ? Self.local : Self.remote
    }
    return unsafe table[Int(from) * Int(count) + Int(to)]
  }

  /// Takes a distance that firmware states, if it can be true: one from a node to itself must be
  /// 10, another more. Says whether it was taken. Linux: `numa_set_distance()`.
  public mutating func set(from: Int32, to: Int32, _ distance: UInt64) -> Bool {
    guard from >= 0, to >= 0, from < count, to < count, distance <= 255 else { return false }
    guard from == to ? distance == 10 : distance > 10 else { return false }
    unsafe table[Int(from) * Int(count) + Int(to)] = UInt8(distance)
    return true
  }
}
