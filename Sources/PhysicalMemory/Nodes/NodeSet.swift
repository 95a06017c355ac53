/// Node numbers below 64. Linux: `nodemask_t`.
@frozen
public struct NodeSet: Hashable, Sendable {
  private var bits: UInt64 = 0

  public init() {}

  public var isEmpty: Bool { bits == 0 }
  public var count: Int { bits.nonzeroBitCount }

  public func contains(_ node: Int32) -> Bool {
    node >= 0 && node < 64 && bits & (1 << UInt64(node)) != 0
  }

  /// Adds a node; numbers from 64 on are left out.
  public mutating func insert(_ node: Int32) {
    if node >= 0 && node < 64 { bits |= 1 << UInt64(node) }
  }

  public mutating func remove(_ node: Int32) {
    if node >= 0 && node < 64 { bits &= ~(1 << UInt64(node)) }
  }
}
