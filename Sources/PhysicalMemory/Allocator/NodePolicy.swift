/// Which nodes an allocation may use, and which it would like. Linux: `struct mempolicy` as
/// `policy_nodemask()` and `policy_node()` read it.
public struct NodePolicy: Hashable, Sendable {
  /// Where to begin; nil for the node of the processor that asks.
  public var preferred: UInt8?
  /// A bit for each node that may serve.
  public var allowed: UInt64

  /// Near the processor first, then wherever there is memory.
  @inline(__always)
  public static var local: NodePolicy { NodePolicy(preferred: nil, allowed: .max) }

  /// `node` first, then wherever there is memory. Linux: `MPOL_PREFERRED`.
  public static func preferring(_ node: UInt8) -> NodePolicy {
    NodePolicy(preferred: node, allowed: .max)
  }

  /// Nowhere but on the nodes of a mask. Linux: `MPOL_BIND`.
  public static func bound(to nodes: UInt64) -> NodePolicy {
    NodePolicy(preferred: nil, allowed: nodes)
  }

  @inline(__always)
  init(preferred: UInt8?, allowed: UInt64) {
    self.preferred = preferred
    self.allowed = allowed
  }
}
